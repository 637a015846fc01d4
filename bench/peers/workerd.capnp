using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .counter),
    (name = "data", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);

const counter :Workerd.Worker = (
  compatibilityDate = "2025-07-01",
  modules = [(name = "counter.js", esModule = embed "workerd_counter.js")],
  durableObjectNamespaces = [(className = "Counter", uniqueKey = "spawn-bench-counter")],
  durableObjectStorage = (localDisk = "data"),
  bindings = [(name = "counters", durableObjectNamespace = "Counter")],
);
