//! The mel filters that Whisper was trained with: Slaney's scale and areas of one (Auditory Toolbox, 1998), as librosa computes them.

/// Bins of a spectrum of 400 samples at 16 kHz.
pub const BINS: usize = 201;
const HIGHEST: f64 = 8_000.0;

/// Triangles in rows of [`BINS`], each filter a row.
pub fn filters(count: usize) -> Vec<f32> {
    let edges: Vec<f64> = steps(mel(0.0), mel(HIGHEST), count + 2).into_iter().map(hertz).collect();
    let bins = steps(0.0, HIGHEST, BINS);
    let mut filters = Vec::with_capacity(count * BINS);
    for edge in edges.windows(3) {
        let (low, middle, high) = (edge[0], edge[1], edge[2]);
        let area = 2.0 / (high - low);
        filters.extend(bins.iter().map(|bin| {
            let (up, down) = (-(low - bin) / (middle - low), (high - bin) / (high - middle));
            // Rounded before the area is applied and again after it.
            let height = up.min(down);
            // Where the triangle begins, librosa's zero has a sign.
            let height = if height >= 0.0 { height } else { 0.0 };
            (f64::from(height as f32) * area) as f32
        }));
    }
    filters
}

/// `count` numbers from `first` to `last`, equally far apart.
fn steps(first: f64, last: f64, count: usize) -> Vec<f64> {
    let step = (last - first) / (count - 1) as f64;
    (0..count).map(|i| if i + 1 == count { last } else { i as f64 * step + first }).collect()
}

/// Linear below 1 kHz, where 15 mels are, logarithmic above.
const LINEAR: f64 = 200.0 / 3.0;
const BEND: f64 = 1_000.0;

fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn mel(hertz: f64) -> f64 {
    if hertz < BEND { hertz / LINEAR } else { 15.0 + (hertz / BEND).ln() / log_step() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { LINEAR * mel } else { BEND * (log_step() * (mel - 15.0)).exp() }
}
