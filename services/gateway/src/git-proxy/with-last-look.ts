/**
 * Passes the chunks on, the last one only after `look` has resolved. The host moves the branch once the pack is whole,
 * so this is the last moment at which a push can be stopped, however long its pack took.
 */
export async function* withLastLook(chunks: AsyncIterable<Buffer>, look: () => Promise<void>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  for await (const chunk of chunks) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  await look();
  if (held !== undefined) yield held;
}
