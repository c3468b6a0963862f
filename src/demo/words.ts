/** Word lists from which topics, titles and tags are composed. A topic is a style and a subject of one area. */
export interface Area {
  readonly name: string;
  readonly styles: readonly string[];
  readonly subjects: readonly string[];
  readonly details: readonly string[];
}

function area(name: string, styles: string, subjects: string, details: string): Area {
  const list = (text: string): string[] => text.split(', ');
  return { name, styles: list(styles), subjects: list(subjects), details: list(details) };
}

export const areas: readonly Area[] = [
  area(
    'lighting',
    'mid-century, industrial, art deco, paper, brass',
    'table lamps, pendant lights, wall sconces, floor lamps, lanterns',
    'walnut base, linen shade, warm glow, for a reading corner, opal glass, under 100, with a dimmer, for low ceilings',
  ),
  area(
    'furniture',
    'Scandinavian, rattan, Japanese, farmhouse, modular',
    'armchairs, dining tables, bookshelves, bed frames, sideboards',
    'solid oak, for small rooms, flat-pack, second-hand finds, rounded edges, with storage, in pale ash, restored by hand',
  ),
  area(
    'textiles',
    'Moroccan, indigo, quilted, handwoven, block-printed',
    'rugs, cushions, throws, curtains, wall hangings',
    'natural wool, in earthy tones, with tassels, washable, for the hallway, vintage patterns, layered, in soft cotton',
  ),
  area(
    'gardens',
    'cottage, Mediterranean, gravel, wildflower, rooftop',
    'borders, herb beds, terraces, garden paths, raised beds',
    'full sun, for dry soil, low maintenance, in late summer, for bees, on a slope, plant list, before and after',
  ),
  area(
    'houseplants',
    'trailing, variegated, low-light, air-purifying, tropical',
    'philodendrons, ferns, succulents, orchids, plant shelves',
    'for the bathroom, propagation in water, when to repot, pet-safe, in terracotta, for beginners, rare finds, watering guide',
  ),
  area(
    'baking',
    'sourdough, rye, gluten-free, French, holiday',
    'bread, layer cakes, tarts, cookies, cinnamon buns',
    'a first loaf, overnight rise, with brown butter, step by step, no mixer, with berries, freezer friendly, crisp crust',
  ),
  area(
    'dinners',
    'weeknight, Thai, Sicilian, vegan, slow-cooked',
    'noodles, curries, stews, roasts, salads',
    'in 30 minutes, one pot, with chickpeas, for two, make ahead, with roasted garlic, extra crunchy, for a crowd',
  ),
  area(
    'drinks',
    'cold brew, sparkling, herbal, alcohol-free, spiced',
    'coffee, iced tea, cocktails, lemonade, hot chocolate',
    'with ginger, for a pitcher, bar at home, with oat milk, three ingredients, with rosemary, for brunch, syrup recipe',
  ),
  area(
    'running',
    'trail, marathon, winter, beginner, minimalist',
    'running shoes, training plans, hydration vests, warm-ups, race packing lists',
    'tested on wet rock, twelve weeks, wide fit, for flat feet, under 250 grams, after an injury, hill repeats, for heat',
  ),
  area(
    'cycling',
    'gravel, touring, vintage, cargo, commuter',
    'bikes, bike bags, wheel sets, handlebars, bike routes',
    'steel frame, packed for a week, tubeless, with fenders, in the Alps, size guide, hand-built, night lights',
  ),
  area(
    'hiking',
    'ultralight, alpine, coastal, hut-to-hut, autumn',
    'backpacks, day hikes, tents, camp kitchens, walking boots',
    'under one kilo, with a view, three seasons, gear list, in the Dolomites, for families, resoled, in the rain',
  ),
  area(
    'climbing',
    'bouldering, crack, indoor, multi-pitch, winter',
    'climbing shoes, finger training, chalk bags, home walls, climbing trips',
    'for wide feet, hangboard routine, sewn at home, on a budget, in Fontainebleau, first lead, technique drills, guidebook',
  ),
  area(
    'clothes',
    'linen, capsule, workwear, vintage, oversized',
    'shirts, coats, denim, knitwear, summer dresses',
    'in olive, sewing pattern, how to layer, for travel, ten outfits, second hand, with pockets, for tall frames',
  ),
  area(
    'jewellery',
    'minimal, baroque pearl, silver, hammered gold, beaded',
    'rings, earrings, necklaces, bracelets, brooches',
    'stackable, recycled metal, everyday wear, bridal, with moonstone, small makers, gift ideas, asymmetric',
  ),
  area(
    'hair',
    'curly, braided, short, copper, heatless',
    'haircuts, updos, bangs, hair care routines, hair colour',
    'for fine hair, in five minutes, growing out, for weddings, at home, before and after, no bleach, protective',
  ),
  area(
    'illustration',
    'watercolour, ink, botanical, gouache, isometric',
    'sketchbooks, portraits, landscapes, posters, colour studies',
    'limited palette, daily practice, brush guide, in sepia, from life, tutorial, for print, negative space',
  ),
  area(
    'photography',
    'film, street, macro, black and white, long-exposure',
    'photographs, cameras, photo essays, portrait setups, darkrooms',
    'at golden hour, 35 mm, with window light, on a tripod, in Lisbon, medium format, light leaks, editing notes',
  ),
  area(
    'pottery',
    'raku, stoneware, hand-built, speckled, porcelain',
    'mugs, vases, dinner plates, planters, glazes',
    'wheel thrown, matte white, kiln notes, with a handle, for ikebana, trimming tips, wabi-sabi, first firing',
  ),
  area(
    'woodworking',
    'hand-tool, Japanese joinery, live-edge, plywood, turned',
    'workbenches, boxes, stools, spoons, tool cabinets',
    'dovetails, free plans, in cherry, one weekend, oil finish, jigs, from offcuts, sharpening guide',
  ),
  area(
    'knitting',
    'Fair Isle, cable, chunky, lace, top-down',
    'sweaters, socks, shawls, hats, baby blankets',
    'free pattern, in merino, for beginners, colour chart, seamless, yarn swap, in one skein, blocking guide',
  ),
  area(
    'travel',
    'slow, island, night-train, desert, off-season',
    'itineraries, guest houses, city guides, food markets, packing lists',
    'seven days, in Portugal, by ferry, in November, with children, hidden corners, on a budget, in Kyoto',
  ),
  area(
    'architecture',
    'brutalist, timber, adobe, passive, tiny',
    'houses, cabins, libraries, staircases, courtyards',
    'by the lake, floor plan, in concrete, with skylights, under 50 square metres, in Norway, restored, green roof',
  ),
  area(
    'weddings',
    'barn, civil, beach, winter, vintage',
    'table settings, bouquets, invitations, wedding cakes, wedding arches',
    'dried flowers, in terracotta, for 30 guests, hand-lettered, with candles, do it yourself, on a budget, in ivory',
  ),
  area(
    'games',
    'cooperative, solo, cosy, retro, party',
    'board games, card games, puzzles, pixel art, game rooms',
    'for two players, under an hour, hand-painted, house rules, for rainy days, shelf tour, for families, print and play',
  ),
];

/** How a title may begin; '' begins with the topic itself. */
export const openers: readonly string[] = [
  '',
  '',
  'Ideas for',
  'A guide to',
  'Our favourite',
  'Beautiful',
  'Ten',
  'Simple',
  'More',
  'Notes on',
];
