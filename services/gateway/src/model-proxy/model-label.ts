const LONGEST_NAME = 100;
const MOST_MODELS = 50;

/**
 * Names models in metrics. The name of an answer's model may be what the worker asked for, and each name is a time
 * series for ever: what is no model's name, or comes after the first 50, counts as `other`.
 */
export function createModelLabels(): (model: string) => string {
  const known = new Set<string>();
  return (model) => {
    const isName = model.length <= LONGEST_NAME && /^[\w.:@/-]+$/.test(model);
    if (!isName || (!known.has(model) && known.size >= MOST_MODELS)) return "other";
    known.add(model);
    return model;
  };
}
