//! The manifest, put together while compiling, in the ELF note that the kernel reads before it runs
//! any code of this file, and byte for byte the same in the entry.
use crate::abi;

const HEAD: &str = concat!(
    r#"{"name":"@name@","kind":"@kind@","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#"","abi":{"major":1,"minor":0},"config_schema":"#
);
const SCHEMA: &str = include_str!("../schema.json");
/// An object: what is behind its first brace goes on where HEAD and SCHEMA end.
const TRAITS: &str = include_str!("../manifest.json");

const LEN: usize = HEAD.len() + SCHEMA.len() + TRAITS.len() + 1; // a comma for a brace, and a NUL
const DESC_LEN: usize = (LEN + 3) & !3;

const fn copy(from: &[u8], mut at: usize, mut to: [u8; DESC_LEN]) -> [u8; DESC_LEN] {
    let mut i = 0;
    while i < from.len() {
        to[at] = from[i];
        i += 1;
        at += 1;
    }
    to
}

const fn joined() -> [u8; DESC_LEN] {
    let traits = TRAITS.as_bytes();
    assert!(traits[0] == b'{', "manifest.json begins with a brace");
    let to = copy(HEAD.as_bytes(), 0, [0; DESC_LEN]);
    let to = copy(SCHEMA.as_bytes(), HEAD.len(), to);
    let mut to = copy(traits, HEAD.len() + SCHEMA.len(), to);
    to[HEAD.len() + SCHEMA.len()] = b',';
    to
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
    desc: joined(),
};
