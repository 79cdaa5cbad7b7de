/**
 * The composite index in the browser, from the same formulas as `analytics.index` and `analytics.scenario`: what moves
 * while a hand moves. A test drives both with the same bases and shocks. All markets at once, columns as Float64Array,
 * NaN where a figure is unknown. What cannot be done exactly here throws NotHere: then the server alone answers.
 *
 * @typedef {object} Ingredient
 * @property {number} figure column of its figure; denominator, multiplier, shareOf: of what it is measured against, or -1
 * @property {number} direction 1 where more is better, else -1
 * @property {number} dimension
 *
 * @typedef {object} Link
 * @property {number} source column
 * @property {number} target column
 * @property {number} coefficient of the target for one unit of the source, each on its scale
 * @property {boolean} sourceLog
 * @property {boolean} targetLog
 *
 * @typedef {object} Shock one assumption, as `analytics.scenario.document.Shock`
 * @property {"indicator"|"weight"|"exchange rate"} kind
 * @property {number|string} target column of a figure, or name of a dimension or ingredient
 * @property {"set"|"add"|"scale"} how
 * @property {number} value
 * @property {number[]} [rows] markets it holds for; all by default
 */
const LeptonIndex = (() => {
  class NotHere extends Error {}

  /** @param {(number|null)[]} values @returns {Float64Array} */
  const column = (values) => Float64Array.from(values, (value) => (value === null ? NaN : value));

  /** What `base_of` in Python hands over, with its columns as arrays of numbers. */
  function open(base) {
    const opened = { ...base, figures: base.figures.map(column), normalised: base.normalised.map(column) };
    opened.bounds = base.bounds.map(([low, high]) => [low ?? -Infinity, high ?? Infinity]);
    opened.members = base.dimensions.map((_, number) =>
      base.ingredients.flatMap((ingredient, place) => (ingredient.dimension === number ? [place] : [])),
    );
    return opened;
  }

  const same = (one, other) => one === other || (Number.isNaN(one) && Number.isNaN(other));
  const differ = (one, other) => one.some((value, row) => !same(value, other[row]));

  /** numpy's round to 9 decimals: halves to the even neighbour. */
  function rounded(value) {
    const scaled = value * 1e9, down = Math.floor(scaled), part = scaled - down;
    const whole = part < 0.5 ? down : part > 0.5 ? down + 1 : down % 2 === 0 ? down : down + 1;
    return whole / 1e9;
  }

  // ---- figures under shocks (analytics.scenario.shocks, analytics.scenario.propagation)

  function shocked(base, shocks) {
    const now = base.figures.map((values) => values.slice()), start = base.figures.map((values) => values.slice());
    const set = base.figures.map(() => null);
    for (const shock of shocks) {
      if (shock.kind === "weight") continue;
      const rows = shock.rows ?? base.markets.map((_, row) => row);
      if (shock.kind === "exchange rate") {
        for (const code of base.exchanged)
          for (const row of rows) {
            now[code][row] *= shock.value;
            start[code][row] *= shock.value;
            refuseTooLarge(base, now[code][row]);
          }
        continue;
      }
      const values = now[shock.target], [low, high] = base.bounds[shock.target];
      const mask = (set[shock.target] ??= new Uint8Array(base.markets.length));
      for (const row of rows) {
        const before = values[row];
        const wanted = shock.how === "set" ? shock.value : shock.how === "add" ? before + shock.value : before * shock.value;
        values[row] = Math.min(Math.max(wanted, low), high);
        refuseTooLarge(base, values[row]);
        if (!Number.isNaN(values[row])) mask[row] = 1;
      }
    }
    return { now, start, set };
  }

  function refuseTooLarge(base, value) {
    if (Math.abs(value) > base.rules.largest) throw new NotHere("too large");
  }

  /** What is associated with the shocked figures moves too, first what is nearest to a shock. */
  function spread(base, { now, start, set }) {
    if (!base.links.length || set.every((mask) => mask === null)) return now;
    const scaled = (value, log) => (log ? (value > 0 ? Math.log(value) : NaN) : value);
    for (const target of base.order) {
      const into = base.links.filter((link) => link.target === target);
      const values = now[target], [low, high] = base.bounds[target];
      for (let row = 0; row < values.length; row++) {
        if (set[target]?.[row]) continue;
        let step = 0;
        for (const link of into) {
          const change = scaled(now[link.source][row], link.sourceLog) - scaled(start[link.source][row], link.sourceLog);
          if (!Number.isNaN(change)) step += link.coefficient * change;
        }
        if (step === 0) continue;
        const end = into[0].targetLog ? values[row] * Math.exp(step) : values[row] + step;
        values[row] = Math.min(Math.max(end, low), high);
      }
    }
    return now;
  }

  // ---- from figures to scores (analytics.index.measure, treat, normalise, aggregate)

  /** @param {Ingredient} ingredient */
  function measured(figures, ingredient) {
    const { figure, denominator, multiplier, shareOf } = ingredient;
    return figures[figure].map((value, row) => {
      if (denominator >= 0) value /= figures[denominator][row] > 0 ? figures[denominator][row] : NaN;
      if (multiplier >= 0) value *= figures[multiplier][row];
      if (shareOf >= 0) value = (value / 100) * figures[shareOf][row];
      return Number.isFinite(value) ? value : NaN;
    });
  }

  const mean = (values) => sum(values) / values.length;

  /** Pairwise, as numpy adds: the error does not grow with the number of markets. */
  function sum(values, from = 0, to = values.length) {
    if (to - from <= 8) {
      let total = 0;
      for (let place = from; place < to; place++) total += values[place];
      return total;
    }
    const middle = (from + to) >> 1;
    return sum(values, from, middle) + sum(values, middle, to);
  }

  function isSkewed(known, rules) {
    const count = known.length;
    if (count < 4) return false;
    let low = Infinity, high = -Infinity;
    for (const value of known) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low === high) return false;
    const middle = mean(known), off = known.map((value) => value - middle);
    const squares = off.map((value) => value * value), square = mean(squares);
    if (square <= (Number.EPSILON * middle) ** 2) return false;
    const third = sum(squares.map((value, place) => value * off[place])) / count;
    const skewness = ((third / square ** 1.5) * Math.sqrt(count * (count - 1))) / (count - 2);
    const excess = sum(squares.map((value) => value * value)) / count / square ** 2 - 3;
    const kurtosis = ((count - 1) / ((count - 2) * (count - 3))) * ((count + 1) * excess + 6);
    return Math.abs(skewness) > rules.skewness && kurtosis > rules.kurtosis;
  }

  function treated(values, method, rules) {
    const known = values.filter((value) => !Number.isNaN(value));
    if (method === "none" || !isSkewed(known, rules)) return values;
    if (method === "skew") {
      const ordered = known.slice().sort(), middle = mean(known);
      const above = mean(known.map((value) => (value - middle) ** 3)) > 0;
      for (let count = 1; count <= rules.winsorised; count++) {
        const edge = above ? ordered[ordered.length - count - 1] : ordered[count];
        const held = (value) => (above ? Math.min(value, edge) : Math.max(value, edge));
        if (!isSkewed(known.map(held), rules)) return values.map(held);
      }
    }
    const sizes = known.map(Math.abs).filter((value) => value > 0).sort();
    const scale = (sizes[(sizes.length - 1) >> 1] + sizes[sizes.length >> 1]) / 2;
    return values.map((value) => Math.sign(value) * Math.log1p(Math.abs(value) / scale));
  }

  const NORMALISED = {
    "min-max": (values, known) => {
      let low = Infinity, high = -Infinity;
      for (const value of known) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      return high > low ? (value) => ((value - low) / (high - low)) * 100 : null;
    },
    "z-score": (values, known) => {
      const middle = mean(known);
      const deviation = Math.sqrt(sum(known.map((value) => (value - middle) ** 2)) / (known.length - 1));
      return deviation > 0 && known.some((value) => value !== known[0])
        ? (value) => 50 + (10 * (value - middle)) / deviation
        : null;
    },
    rank: (values, known) => {
      const place = places(known);
      return known.length > 1 ? (value) => (100 * (place(value) - 1)) / (known.length - 1) : null;
    },
    percentile: (values, known) => {
      const place = places(known);
      return (value) => (100 * (place(value) - 0.5)) / known.length;
    },
  };

  /** The place of a value from the lowest, equal ones sharing the mean place. */
  function places(known) {
    const ordered = known.slice().sort(), first = new Map(), last = new Map();
    ordered.forEach((value, place) => {
      if (!first.has(value)) first.set(value, place + 1);
      last.set(value, place + 1);
    });
    return (value) => (first.get(value) + last.get(value)) / 2;
  }

  function normalisedColumn(base, ingredient, values) {
    const method = NORMALISED[base.design.normalisation];
    if (!method) throw new NotHere(base.design.normalisation);
    const held = treated(values, base.design.treatment, base.rules);
    const onScale = method(held, held.filter((value) => !Number.isNaN(value)));
    return held.map((value) => {
      if (Number.isNaN(value)) return NaN;
      if (onScale === null) return 50;
      const scaled = onScale(value);
      return ingredient.direction < 0 ? 100 - scaled : scaled;
    });
  }

  /** Weight of each ingredient that is there in the whole (`weights.in_the_whole`, `shocks.own_weights`). */
  function weights(base, shocks) {
    const usual = new Map([...base.recipe.ingredients.map(({ key, weight }) => [key, weight]), ...base.recipe.dimensions]);
    const own = new Map();
    for (const { kind, target, how, value } of shocks) {
      if (kind !== "weight") continue;
      if (!usual.has(target)) throw new NotHere("no such weight");
      const before = own.get(target) ?? usual.get(target);
      own.set(target, Math.max(how === "set" ? value : how === "add" ? before + value : before * value, 0));
      refuseTooLarge(base, own.get(target));
    }
    if (!own.size) return base.overall;
    const weight = (key) => own.get(key) ?? usual.get(key);
    const inside = base.recipe.dimensions.map(([name]) =>
      base.recipe.ingredients.reduce((total, one) => total + (one.dimension === name ? weight(one.key) : 0), 0),
    );
    const outside = base.recipe.dimensions.map(([name], number) => (inside[number] > 0 ? weight(name) : 0));
    const total = outside.reduce((one, other) => one + other, 0);
    if (!(total > 0)) throw new NotHere("nothing weighs");
    const names = base.recipe.dimensions.map(([name]) => name);
    const overall = base.recipe.ingredients.flatMap((one) => {
      const number = names.indexOf(one.dimension);
      return one.isThere ? [outside[number] ? (outside[number] / total) * (weight(one.key) / inside[number]) : 0] : [];
    });
    if (!(overall.reduce((one, other) => one + other, 0) > 0)) throw new NotHere("nothing weighs");
    return overall;
  }

  const positive = (score) => Math.max(1 + 0.99 * score, 1);
  const RULES = {
    arithmetic: { enter: (score) => score, leave: (average) => average },
    geometric: { enter: (score) => Math.log(positive(score)), leave: (average) => (Math.exp(average) - 1) / 0.99 },
  };

  /** Scores of all markets, and the score of each dimension. A market of which nothing weighs has none: NotHere. */
  function scores(base, normalised, overall) {
    const within = RULES[base.design.within], across = RULES[base.design.across];
    if (!within || !across) throw new NotHere("pairwise comparison");
    const mass = base.members.map((inside) => inside.reduce((total, place) => total + overall[place], 0));
    const dimensions = base.dimensions.map(() => new Float64Array(base.markets.length));
    const whole = new Float64Array(base.markets.length);
    for (let row = 0; row < whole.length; row++) {
      let over = 0, under = 0;
      for (let number = 0; number < dimensions.length; number++) {
        let part = 0, share = 0;
        for (const place of base.members[number]) {
          const score = normalised[place][row];
          if (Number.isNaN(score)) continue;
          part += overall[place] * within.enter(score);
          share += overall[place];
        }
        const own = (dimensions[number][row] = share > 0 ? within.leave(part / share) : NaN);
        if (!(share > 0)) continue;
        over += mass[number] * across.enter(own);
        under += mass[number];
      }
      if (!(under > 0)) throw new NotHere("nothing known of a market weighs");
      whole[row] = across.leave(over / under);
    }
    return { scores: whole, dimensions };
  }

  /** Rank among the ranked markets, 1 the best; ties to nine decimals share the better rank. */
  function ranks(base, whole) {
    const held = Array.from(whole.subarray(0, base.ranked), rounded);
    const ordered = held.slice().sort((one, other) => other - one);
    const first = new Map();
    ordered.forEach((score, place) => first.has(score) || first.set(score, place + 1));
    return held.map((score) => first.get(score));
  }

  /** What each ingredient adds to a market's score; the parts add up to it (`composite.Ranking.points`). */
  function points(base, normalised, overall, row, whole) {
    const added = new Float64Array(base.ingredients.length);
    const isThere = (place) => !Number.isNaN(normalised[place][row]);
    const share = (numbers, rule) => {
      const parts = numbers.map(([weight, score]) => Math.max(weight * RULES[rule].enter(score), 0));
      const total = parts.reduce((one, other) => one + other, 0);
      const weighs = numbers.reduce((sofar, [weight]) => sofar + weight, 0);
      return parts.map((part, number) => (total > 0 ? part / total : numbers[number][0] / weighs));
    };
    const known = base.members.map((inside) => inside.filter((place) => isThere(place) && overall[place] > 0));
    const open = known.flatMap((inside, number) => (inside.length ? [number] : []));
    const mass = base.members.map((inside) => inside.reduce((total, place) => total + overall[place], 0));
    const additive = base.design.within === "arithmetic" && base.design.across === "arithmetic";
    const all = open.reduce((total, number) => total + mass[number], 0);
    const outer = additive
      ? null
      : share(open.map((number) => [mass[number] / all, whole.dimensions[number][row]]), base.design.across);
    open.forEach((number, nth) => {
      const inside = known[number], held = inside.reduce((total, place) => total + overall[place], 0);
      if (additive)
        for (const place of inside) added[place] = (normalised[place][row] * overall[place] * mass[number]) / held / all;
      else {
        const inner = share(inside.map((place) => [overall[place], normalised[place][row]]), base.design.within);
        inside.forEach((place, nthInside) => (added[place] = inner[nthInside] * outer[nth] * whole.scores[row]));
      }
    });
    return added;
  }

  /** The index under shocks: only the columns whose figures moved are worked out again. @param {Shock[]} shocks */
  function run(base, shocks) {
    const figures = spread(base, shocked(base, shocks));
    const moved = new Set(figures.flatMap((values, code) => (differ(values, base.figures[code]) ? [code] : [])));
    const normalised = base.normalised.map((values, place) => {
      const ingredient = base.ingredients[place];
      const { figure, denominator, multiplier, shareOf } = ingredient;
      const isMoved = [figure, denominator, multiplier, shareOf].some((code) => moved.has(code));
      if (isMoved && base.design.imputation !== "none") throw new NotHere("gaps are filled anew");
      return isMoved ? normalisedColumn(base, ingredient, measured(figures, ingredient)) : values;
    });
    const overall = weights(base, shocks), whole = scores(base, normalised, overall);
    return { ...whole, ranks: ranks(base, whole.scores), figures, normalised, overall };
  }

  return { open, run, points, NotHere };
})();
