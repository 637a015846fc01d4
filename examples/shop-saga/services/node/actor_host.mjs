// A small actor host: registers actors with the kernel, then answers its calls. What an SDK does,
// in a page, over HTTP and protobuf; field numbers as in plugin-api/proto/spawn.
//
//     serve('payment', { Payment: { Take(state, input, call) { ... return {state, reply} } } })
//
// State, input and reply are JSON values, undefined where there is none. An action returns the new
// `state` (left out: unchanged) and a `reply`; whatever it throws fails this call alone: the state
// stays, nothing is sent, the kernel is told 422. The kernel runs one call of an actor at a time.
//
// Environment, as the published SDKs have it: PROXY_HTTP_HOST and PROXY_HTTP_PORT (the kernel),
// USER_FUNCTION_PORT (where this process listens), PROXY_ACTOR_SYSTEM_NAME.
import http from 'node:http'
import { encode, decode } from './wire.mjs'

const SYSTEM = process.env.PROXY_ACTOR_SYSTEM_NAME ?? 'spawn-system'
const KERNEL = `${process.env.PROXY_HTTP_HOST ?? '127.0.0.1'}:${process.env.PROXY_HTTP_PORT ?? 9001}`
const PORT = Number(process.env.USER_FUNCTION_PORT ?? 8090)
const ACCEPTED_SECONDS = 20
const OK = 1
const UNNAMED = 2
const JSON_TYPE = 'type.googleapis.com/spawn.JSONType'

const Any = { type_url: [1, 'text'], value: [2, 'bytes'] }
const Json = { content: [1, 'text'] }
const ActorId = { name: [1, 'text'], system: [2, 'text'], parent: [3, 'text'] }
const Context = { state: [1, Any], metadata: [4, { map: 'text' }] }
const Invocation = { actor: [1, ActorId], action: [2, 'text'], context: [3, Context], value: [4, Any] }
const Answer = { actor: [1, 'text'], system: [2, 'text'], context: [3, Context], value: [4, Any], noop: [6, {}] }
const Settings = { kind: [1, 'int'], stateful: [2, 'bool'] }
const Actor = { id: [1, ActorId], state: [2, {}], settings: [3, Settings], actions: [4, { name: [1, 'text'] }] }
const Actors = { actors: [1, { map: Actor }] }
const Registration = {
  service: [1, { name: [1, 'text'], version: [2, 'text'], runtime: [3, 'text'], library: [4, 'text'],
    library_version: [5, 'text'], major: [6, 'int'], minor: [7, 'int'] }],
  system: [2, { name: [1, 'text'], registry: [2, Actors] }]
}
const Status = { status: [1, { code: [1, 'int'], text: [2, 'text'] }] }

const pack = (value) => ({ type_url: JSON_TYPE, value: encode(Json, { content: JSON.stringify(value) }) })
const unpack = (any) => any?.value?.length ? JSON.parse(decode(Json, any.value).content ?? 'null') : undefined

function run(actors, body) {
  const { actor, action, context = {}, value } = decode(Invocation, body)
  const does = actors[actor.parent || actor.name]?.[action]
  if (!does) {
    throw new Error('no such actor or action')
  }
  const call = { name: actor.name, metadata: context.metadata ?? {} }
  const { state, reply } = does(unpack(context.state), unpack(value), call) ?? {}
  return encode(Answer, {
    actor: actor.name,
    system: actor.system,
    context: state === undefined ? {} : { state: pack(state) },
    ...(reply === undefined ? { noop: {} } : { value: pack(reply) })
  })
}

// The whole body first: a request may come in several pieces.
async function answer(actors, request, response) {
  const pieces = []
  for await (const piece of request) {
    pieces.push(piece)
  }
  let status = 200, body
  try {
    body = run(actors, Buffer.concat(pieces))
  } catch (problem) {
    console.log(`refused: ${problem.message}`)
    status = 422
    body = Buffer.from(problem.message)
  }
  response.writeHead(status, { 'content-type': 'application/octet-stream', 'content-length': body.length })
  response.end(body)
}

function registration(service, actors) {
  const definitions = Object.entries(actors).map(([name, actions]) => [name, {
    id: { name, system: SYSTEM },
    state: {},
    settings: { kind: UNNAMED, stateful: true },
    actions: Object.keys(actions).map((each) => ({ name: each }))
  }])
  return {
    service: { name: service, version: '1.0.0', runtime: `node ${process.versions.node}`,
      library: 'shop-saga', library_version: '1.0.0', major: 1, minor: 2 },
    system: { name: SYSTEM, registry: { actors: Object.fromEntries(definitions) } }
  }
}

// Asks until the kernel accepts; it may start after this process.
async function register(service, actors) {
  const body = encode(Registration, registration(service, actors))
  const headers = { 'content-type': 'application/octet-stream' }
  const deadline = Date.now() + ACCEPTED_SECONDS * 1000
  for (;;) {
    let why
    try {
      const signal = AbortSignal.timeout(5000)
      const got = await fetch(`http://${KERNEL}/api/v1/system`, { method: 'POST', headers, body, signal })
      const { status } = decode(Status, Buffer.from(await got.arrayBuffer()))
      if (status?.code === OK) {
        return
      }
      why = status?.text ?? `HTTP ${got.status}`
    } catch (problem) {
      why = problem.cause?.message ?? problem.message
    }
    if (Date.now() > deadline) {
      throw new Error(`the kernel at ${KERNEL} does not accept the registration: ${why}`)
    }
    await new Promise((next) => setTimeout(next, 100))
  }
}

export async function serve(service, actors) {
  const server = http.createServer((request, response) => answer(actors, request, response))
  await new Promise((listening, failed) => server.once('error', failed).listen(PORT, '127.0.0.1', listening))
  await register(service, actors)
  console.log(`${service} is ready`)
}
