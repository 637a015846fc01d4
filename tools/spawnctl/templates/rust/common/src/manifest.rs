//! The manifest, put together while compiling, in the ELF note that the kernel reads before it runs
//! any code of this file, and byte for byte the same in the entry.
use crate::abi;

const HEAD: &str = concat!(
    r#"{"name":"@name@","kind":"@kind@","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#"","abi":{"major":1,"minor":0},"config_schema":"#
);
const SCHEMA: &str = include_str!("../schema.json");
/// An object: what is behind its first brace goes on, after a comma, where HEAD and SCHEMA end.
const TRAITS: &str = include_str!("../manifest.json");

const ROOM: usize = HEAD.len() + SCHEMA.len() + TRAITS.len();

/// `from` behind the first `len` bytes of `to`, without the blanks between its tokens.
const fn append(from: &[u8], (mut to, mut len): ([u8; ROOM], usize)) -> ([u8; ROOM], usize) {
    let (mut i, mut in_text) = (0, false);
    while i < from.len() {
        let escapes = in_text && from[i] == b'\\';
        if from[i] == b'"' {
            in_text = !in_text;
        }
        if in_text || !from[i].is_ascii_whitespace() {
            to[len] = from[i];
            len += 1;
        }
        if escapes {
            i += 1;
            to[len] = from[i];
            len += 1;
        }
        i += 1;
    }
    (to, len)
}

const fn joined() -> ([u8; ROOM], usize) {
    let traits = TRAITS.as_bytes();
    assert!(traits[0] == b'{', "manifest.json begins with a brace");
    let (to, end) = append(SCHEMA.as_bytes(), append(HEAD.as_bytes(), ([0; ROOM], 0)));
    let (mut to, len) = append(traits, (to, end));
    to[end] = b',';
    (to, len)
}

const JOINED: ([u8; ROOM], usize) = joined();
const DESC_LEN: usize = (JOINED.1 + 1 + 3) & !3; // with a NUL

const fn desc() -> [u8; DESC_LEN] {
    let mut out = [0; DESC_LEN];
    let mut i = 0;
    while i < JOINED.1 {
        out[i] = JOINED.0[i];
        i += 1;
    }
    out
}

#[repr(C, align(4))]
pub struct Note {
    name_len: u32,
    desc_len: u32,
    kind: u32,
    owner: [u8; 8],
    pub desc: [u8; DESC_LEN],
}

#[used]
#[link_section = ".note.spawn"]
pub static NOTE: Note = Note {
    name_len: 6,
    desc_len: DESC_LEN as u32,
    kind: abi::ABI_MAJOR,
    owner: *b"SPAWN\0\0\0",
    desc: desc(),
};
