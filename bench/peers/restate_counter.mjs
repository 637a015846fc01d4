// The durable counter on Restate: a virtual object with 64 bytes of state. Argument: the port.
import * as restate from "@restatedev/restate-sdk";

// The SDK wants Node 22 for this one function; Node 20 does for the rest.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const counter = restate.object({
  name: "Counter",
  handlers: {
    add: async (ctx, by) => {
      const state = (await ctx.get("state")) ?? { count: 0, padding: ".".repeat(38) };
      state.count += by;
      ctx.set("state", state);
      return state.count;
    },
  },
});

restate.serve({ services: [counter], port: Number(process.argv[2]) });
