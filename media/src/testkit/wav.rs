//! WAV files of 16-bit samples, read and written whole.
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::path::Path;

/// A whole file: its rate, and one vector per channel.
pub fn read(path: &Path) -> Result<(u32, Vec<Vec<i16>>), hound::Error> {
    let mut reader = WavReader::open(path)?;
    let spec = reader.spec();
    let mut channels = vec![Vec::new(); usize::from(spec.channels)];
    for (n, sample) in reader.samples::<i16>().enumerate() {
        channels[n % usize::from(spec.channels)].push(sample?);
    }
    Ok((spec.sample_rate, channels))
}

/// Writes one channel.
pub fn write(path: &Path, rate: u32, pcm: &[i16]) -> Result<(), hound::Error> {
    let spec = WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    for &sample in pcm {
        writer.write_sample(sample)?;
    }
    writer.finalize()
}
