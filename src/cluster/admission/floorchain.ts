// A demand of the policy as a chain of CEL lists: the images it is for, less those that meet it, less those excepted.
import type { ImagePolicy } from '../../trust/index.ts';
import { celText, type Variable } from './floorname.ts';
import { patternSet, regexOf } from './floorpattern.ts';

export interface Chain {
  variables: Variable[];
  /** The variable that lists what is in the way, as `parsed` has it. */
  result: string;
  /** CEL of the text that people read, and the text where that cannot be told. */
  saying: string;
  message: string;
  /** CEL's units for one image, at most. */
  cost: number;
}

export type Selection = Pick<ImagePolicy['exceptions'][number], 'images' | 'labels'>;

const everything = 'true';

export class ChainBuilder {
  readonly variables: Variable[] = [];
  readonly #name: string;
  #last: string;
  #cost = 0;

  constructor(name: string, from: string) {
    this.#name = name;
    this.#last = `variables.${from}`;
  }

  get result(): string {
    return this.#last;
  }

  get cost(): number {
    return this.#cost;
  }

  /** Keeps the images for which the CEL holds. */
  keep(condition: string, cost: number): this {
    if (condition === everything) return this;
    const name = `${this.#name}${this.variables.length}`;
    this.variables.push({ name, expression: `${this.#last}.filter(x, ${condition})` });
    this.#last = `variables.${name}`;
    this.#cost += cost + 20;
    return this;
  }

  /** Keeps nothing at all unless the CEL, which is about no image, holds. */
  when(condition: string): this {
    if (condition === everything) return this;
    const name = `${this.#name}${this.variables.length}`;
    this.variables.push({ name, expression: `${condition} ? ${this.#last} : []` });
    this.#last = `variables.${name}`;
    return this;
  }

  /** Keeps the images that the object did not have before; last, since it is dear where there are many. */
  fresh(): this {
    return this.keep('!(x.i in variables.old)', 0);
  }

  /** Keeps the images that the selection is for. */
  only({ images, labels }: Selection): this {
    this.when(labelsFit(labels));
    const { conditions, cost } = patternSet(images);
    if (conditions.includes(everything)) return this;
    return this.keep(conditions.map((one) => `(${one})`).join(' || '), cost);
  }

  /** Drops the images that the selection is for. */
  except({ images, labels }: Selection): this {
    const { conditions, cost } = patternSet(images);
    const fit = labelsFit(labels);
    for (const one of conditions)
      this.keep(
        fit === everything ? `!(x.ok && (${one}))` : `!((${fit}) && x.ok && (${one}))`,
        cost / conditions.length,
      );
    return this;
  }
}

/** The namespace's labels, and its name as the label `namespace`: what the agent gives to the policy as well. */
function labelsFit(labels: Selection['labels']): string {
  const each = Object.entries(labels).map(([key, patterns]) => {
    const value =
      key === 'namespace'
        ? 'request.namespace'
        : `namespaceObject.metadata.?labels[?${celText(key)}].orValue("")`;
    const fits = patterns.map((pattern) => `${value}.matches(${celText(regexOf(pattern))})`).join(' || ');
    return key === 'namespace'
      ? `(${fits})`
      : `(${celText(key)} in namespaceObject.metadata.?labels.orValue({}) && (${fits}))`;
  });
  return each.length === 0 ? everything : each.join(' && ');
}

/** `first image (and 2 more)`, in CEL. */
export function shownImages(result: string): string {
  return `${result}[0].i + (size(${result}) > 1 ? " (and " + string(size(${result}) - 1) + " more)" : "")`;
}
