//! The smallest PNG that is one: eight-bit greys, in blocks stored without compression.

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Eight bits a pixel, greyscale, and the only compression, filter and interlacing wanted.
const GREYSCALE: [u8; 5] = [8, 0, 0, 0, 0];
const STORED_BLOCK_BYTES_MAX: usize = 65_535;

/// Encodes rows of grey pixels of equal length.
pub(super) fn encode(rows: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let height = u32::try_from(rows.len()).ok()?;
    let width = u32::try_from(rows.first()?.len()).ok()?;
    let unfiltered = 0_u8;
    let pixels: Vec<u8> =
        rows.into_iter().flat_map(|row| [unfiltered].into_iter().chain(row)).collect();

    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend(GREYSCALE);
    let mut file = SIGNATURE.to_vec();
    append_chunk(&mut file, *b"IHDR", &header);
    append_chunk(&mut file, *b"IDAT", &zlib_stored(&pixels));
    append_chunk(&mut file, *b"IEND", &[]);
    Some(file)
}

fn append_chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let named = [&kind, data].concat();
    file.extend(length.to_be_bytes());
    file.extend(&named);
    file.extend(crc32(&named).to_be_bytes());
}

fn zlib_stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(STORED_BLOCK_BYTES_MAX).peekable();
    while let Some(block) = blocks.next() {
        let is_last = u8::from(blocks.peek().is_none());
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(is_last);
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(bytes).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn the_file_begins_and_ends_as_every_png() {
        let file = encode(vec![vec![0, 255], vec![255, 0]]).unwrap();
        assert!(file.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
        assert!(file.ends_with(b"IEND\xAE\x42\x60\x82"));
    }
}
