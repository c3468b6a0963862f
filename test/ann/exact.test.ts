import { createExactSearch } from '../../src/ann/exact.js';
import { searchContract } from '../contract/search.js';

searchContract('exact search', createExactSearch);
