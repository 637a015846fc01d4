// The durable counter on workerd: one Durable Object for each path, 64 bytes of state. The answer
// leaves through the output gate, that is after the write is durable.
export default {
  async fetch(request, env) {
    const id = env.counters.idFromName(new URL(request.url).pathname);
    return env.counters.get(id).fetch(request);
  },
};

export class Counter {
  constructor(state) {
    this.storage = state.storage;
  }
  async fetch(request) {
    const by = await request.json();
    const state = (await this.storage.get("state")) ?? { count: 0, padding: ".".repeat(38) };
    state.count += by;
    this.storage.put("state", state);
    return new Response(String(state.count));
  }
}
