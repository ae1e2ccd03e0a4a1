//! `Canceller`: WebRTC's third echo canceller (AEC3, in the Rust of sonora) at a line's own rate.
//!
//! AEC3 works in blocks of 64 samples, 4 ms at 16 kHz. Nothing in it depends on that rate but times and bands: a line of 8 kHz is
//! processed at its own rate, which halves the work and doubles the length of the filter (a room's response of 100 ms fits). The
//! times of its configuration are set accordingly.
use crate::frame::Rate;
use sonora_aec3::block::Block;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::config::EchoCanceller3Config;
use std::time::Duration;

/// Samples of a block.
const BLOCK: usize = 64;

pub struct Canceller {
    aec: BlockProcessor,
    block: Block,
    /// Samples of an incomplete block, and cancelled samples of an incomplete frame.
    far: Vec<f32>,
    near: Vec<f32>,
    clean: Vec<f32>,
}

/// The delay of cancelled sound in samples: a block for AEC3's overlapping windows, and half a block more where a frame is not a
/// whole number of blocks.
pub const fn delay(rate: Rate) -> usize {
    if rate.per_tick().is_multiple_of(BLOCK) { BLOCK } else { BLOCK + BLOCK / 2 }
}

/// The longest delay of an echo, from the tick that sends a sound to the tick that receives it.
pub const LONGEST: Duration = Duration::from_millis(700);

impl Canceller {
    pub fn new(rate: Rate) -> Self {
        let config = config(rate);
        Self {
            aec: BlockProcessor::new(&config, 16_000, 1, 1),
            block: Block::new(1, 1),
            far: Vec::with_capacity(2 * BLOCK + rate.per_tick()),
            near: Vec::with_capacity(2 * BLOCK + rate.per_tick()),
            clean: vec![0.0; delay(rate) - BLOCK],
        }
    }

    /// One tick of both directions. `near` is replaced by cancelled sound, [`delay`] later.
    pub fn tick(&mut self, far: &[i16], near: &mut [i16]) {
        self.far.extend(far.iter().map(|s| f32::from(*s)));
        self.near.extend(near.iter().map(|s| f32::from(*s)));
        let whole = self.near.len() / BLOCK * BLOCK;
        for at in (0..whole).step_by(BLOCK) {
            self.block.view_mut(0, 0).copy_from_slice(&self.far[at..at + BLOCK]);
            self.aec.buffer_render(&self.block);
            let near = &self.near[at..at + BLOCK];
            let clipped = near.iter().any(|s| s.abs() > 32_000.0);
            self.block.view_mut(0, 0).copy_from_slice(near);
            self.aec.process_capture(false, clipped, None, &mut self.block);
            self.clean.extend_from_slice(self.block.view(0, 0));
        }
        self.far.drain(..whole);
        self.near.drain(..whole);
        for (out, clean) in near.iter_mut().zip(&self.clean) {
            *out = clean.round().clamp(-32_768.0, 32_767.0) as i16;
        }
        self.clean.drain(..near.len().min(self.clean.len()));
    }
}

fn config(rate: Rate) -> EchoCanceller3Config {
    let mut config = EchoCanceller3Config::default();
    // How many of AEC3's 4 ms blocks are one of ours.
    let slow = 16_000 / rate.hz().clamp(8_000, 16_000);
    config.delay.down_sampling_factor = if slow == 2 { 4 } else { 8 };
    // Each filter of the delay's estimator covers 96 ms at 16 kHz and overlaps the next by 32.
    let reach = 96 * slow as usize;
    config.delay.num_filters = (LONGEST.as_millis() as usize).div_ceil(reach);
    let blocks = if slow == 2 { 13 } else { 25 };
    config.filter.refined.length_blocks = blocks;
    config.filter.refined_initial.length_blocks = blocks - 1;
    config.filter.coarse.length_blocks = blocks;
    config.filter.coarse_initial.length_blocks = blocks - 1;
    config.filter.initial_state_seconds = 2.5 / slow as f32;
    config.multi_channel.detect_stereo_content = false;
    config.validate();
    config
}
