//! The search for a byte, where requests and tokens are cut.

/// The place of the first such byte.
///
/// Beyond the first few, it compares 32 bytes at once and looks at single bytes only in the block
/// that holds one, because compilers do not turn a search that ends early into vector instructions.
pub(crate) fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    let first = bytes.iter().take(8).position(|&byte| byte == wanted);
    first.or_else(|| {
        let (blocks, _) = bytes.as_chunks::<32>();
        let before = blocks.iter().take_while(|block| !holds(block, wanted)).count().saturating_mul(32);
        let place = bytes.get(before..)?.iter().position(|&byte| byte == wanted)?;
        Some(before.saturating_add(place))
    })
}

fn holds(block: &[u8; 32], wanted: u8) -> bool {
    block.iter().fold(0, |found, &byte| found | u8::from(byte == wanted)) != 0
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn the_first_byte_is_found_wherever_blocks_end() {
        for length in 0..100 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(position(&bytes, b'.'), None, "{length}");
            for place in (0..length).rev() {
                bytes[place] = b'.';
                assert_eq!(position(&bytes, b'.'), Some(place), "{length}");
            }
        }
    }
}
