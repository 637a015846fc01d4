//! Subjects and patterns: tokens joined by dots; in a pattern '*' stands for one token and '>' for one
//! or more at the end.

const BYTES_MAX: usize = 1024;

/// Printable ASCII, no empty token. In a pattern a whole token may be '*' and the last one '>'.
pub fn valid(text: &[u8], is_pattern: bool) -> bool {
    let tokens: Vec<&[u8]> = text.split(|&c| c == b'.').collect();
    let last = tokens.len() - 1;
    let plain = |token: &[u8]| token.iter().all(|c| c.is_ascii_graphic() && !b"*>".contains(c));
    let wildcard = |at: usize, token: &[u8]| token == b"*" || (token == b">" && at == last);
    text.len() <= BYTES_MAX
        && tokens.iter().enumerate().all(|(at, &token)| {
            !token.is_empty() && (plain(token) || (is_pattern && wildcard(at, token)))
        })
}

/// Both are valid.
pub fn matches(pattern: &[u8], subject: &[u8]) -> bool {
    let mut have = subject.split(|&c| c == b'.');
    for want in pattern.split(|&c| c == b'.') {
        match have.next() {
            None => return false,
            Some(_) if want == b">" => return true,
            Some(token) if want != b"*" && want != token => return false,
            Some(_) => {}
        }
    }
    have.next().is_none()
}
