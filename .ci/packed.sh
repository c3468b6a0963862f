#!/usr/bin/env bash
# Packs the package and uses it from outside, as a user's project would.
set -euo pipefail
target=$1
mkdir -p "$target"
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$target")
cd "$target"
printf '{"name":"user","private":true,"type":"module"}\n' > package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error "./$tarball"
npx --no-install pinnersage --version
node --input-type=module -e "
import { open } from 'pinnersage';
import { PinnersageClient } from 'pinnersage/client';
import { inferInterests } from 'pinnersage/core';
if (typeof PinnersageClient !== 'function') throw new Error('client');
if (typeof inferInterests !== 'function') throw new Error('core');
const data = await open('data');
await data.putItems([{ itemId: 'a', embedding: [1, 0] }, { itemId: 'b', embedding: [0.9, 0.1] }]);
await data.appendActions([{ userId: 'u', itemId: 'a', type: 'save', timestamp: Date.now() - 1000 }]);
await data.batch();
const { items } = data.recommend('u', { count: 1, explain: true });
if (items[0].itemId !== 'b' || items[0].because[0] !== 'a') throw new Error(JSON.stringify(items));
await data.close();
console.log('packed package works');
"
