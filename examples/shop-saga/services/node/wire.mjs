// Enough protobuf for an actor host. A message is described by a table, field name ->
// [field number, type]; objects go in and come out. Types: 'text', 'bytes', 'int', 'bool', another
// table, {map: type} with text keys. An array is written as a repeated field. Of what is read, the
// last of a field counts and fields that a table does not name are skipped.
//
// Absent fields are absent in the object, so that "no state" and "an empty state" stay two things.

const VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5

function varint(value) {
  const out = []
  let left = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(left & 0x7fn)
    left >>= 7n
    out.push(left ? low | 0x80 : low)
  } while (left)
  return Buffer.from(out)
}

const sized = (number, bytes) =>
  Buffer.concat([varint(number * 8 + LENGTH), varint(bytes.length), bytes])

function field(number, type, value) {
  if (Array.isArray(value)) {
    return Buffer.concat(value.map((each) => field(number, type, each)))
  }
  if (type === 'int' || type === 'bool') {
    return Buffer.concat([varint(number * 8 + VARINT), varint(value)])
  }
  if (type === 'text' || type === 'bytes') {
    return sized(number, Buffer.from(value))
  }
  if (type.map) {
    const entry = { key: [1, 'text'], value: [2, type.map] }
    return Buffer.concat(
      Object.entries(value).map(([key, each]) => sized(number, encode(entry, { key, value: each }))))
  }
  return sized(number, encode(type, value))
}

export function encode(table, message) {
  return Buffer.concat(Object.entries(table)
    .filter(([name]) => message[name] !== undefined)
    .map(([name, [number, type]]) => field(number, type, message[name])))
}

// Throws RangeError when the bytes end inside a field or are no protobuf.
export function decode(table, bytes) {
  const names = new Map(Object.entries(table).map(([name, [number, type]]) => [number, [name, type]]))
  const message = {}
  let at = 0
  const take = (count) => {
    if (count > bytes.length - at) {
      throw new RangeError('the message is cut short')
    }
    at += count
    return bytes.subarray(at - count, at)
  }
  const number = () => {
    let value = 0n
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const [byte] = take(1)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        return Number(BigInt.asIntN(64, value))
      }
    }
    throw new RangeError('a number is longer than ten bytes')
  }
  while (at < bytes.length) {
    const tag = number()
    const [name, type] = names.get(tag >> 3) ?? []
    let value
    switch (tag & 7) {
      case VARINT: value = number(); break
      case LENGTH: value = take(number()); break
      case FIXED64: take(8); continue
      case FIXED32: take(4); continue
      default: throw new RangeError(`wire type ${tag & 7}`)
    }
    if (type?.map) {
      const entry = decode({ key: [1, 'text'], value: [2, type.map] }, value)
      message[name] = { ...message[name], [entry.key ?? '']: entry.value ?? '' }
    } else if (name) {
      message[name] = type === 'int' ? value
        : type === 'bool' ? value !== 0
          : type === 'text' ? value.toString()
            : type === 'bytes' ? value : decode(type, value)
    }
  }
  return message
}
