//! `Vectors`: what an embedding model makes of each passage, and how near a question's vector lies to them. Who asks the model is not
//! known here.

/// Why vectors cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VectorFault {
    #[error("there are {found} vectors for {wanted} passages")]
    Count { found: usize, wanted: usize },
    #[error("a vector has {found} dimensions, and another {wanted}")]
    Dimensions { found: usize, wanted: usize },
    #[error("a vector holds something that is no number, or nothing but zeros")]
    NoNumber,
}

/// Vectors of length 1, one for each passage.
#[derive(Debug)]
pub(super) struct Vectors {
    dimensions: usize,
    all: Vec<f32>,
}

/// A vector of the same direction and of length 1.
///
/// # Errors
/// [`VectorFault::NoNumber`].
pub fn unit(vector: &[f32]) -> Result<Vec<f32>, VectorFault> {
    let length = vector.iter().map(|part| f64::from(*part) * f64::from(*part)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return Err(VectorFault::NoNumber);
    }
    Ok(vector.iter().map(|part| (f64::from(*part) / length) as f32).collect())
}

impl Vectors {
    /// `wanted`: how many passages there are.
    pub fn new(vectors: &[Vec<f32>], wanted: usize) -> Result<Vectors, VectorFault> {
        if vectors.len() != wanted {
            return Err(VectorFault::Count { found: vectors.len(), wanted });
        }
        let dimensions = vectors.first().map_or(0, Vec::len);
        let mut all = Vec::with_capacity(dimensions * wanted);
        for vector in vectors {
            if vector.len() != dimensions {
                return Err(VectorFault::Dimensions { found: vector.len(), wanted: dimensions });
            }
            all.extend(unit(vector)?);
        }
        Ok(Vectors { dimensions, all })
    }

    /// The cosine of the angle between the question and each passage.
    pub fn nearness(&self, question: &[f32]) -> Result<Vec<f32>, VectorFault> {
        if question.len() != self.dimensions {
            return Err(VectorFault::Dimensions { found: question.len(), wanted: self.dimensions });
        }
        let question = unit(question)?;
        let cosine = |passage: &[f32]| passage.iter().zip(&question).map(|(one, other)| one * other).sum();
        Ok(self.all.chunks_exact(self.dimensions.max(1)).map(cosine).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_passage_points_where_the_question_does() {
        let vectors = Vectors::new(&[vec![3.0, 0.0], vec![0.0, 0.5], vec![1.0, 1.0]], 3).unwrap();
        let near = vectors.nearness(&[10.0, 0.0]).unwrap();
        assert!((near[0] - 1.0).abs() < 1e-6 && near[1].abs() < 1e-6 && (near[2] - 0.5_f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        let two = [vec![1.0, 0.0], vec![0.0, 1.0]];
        assert_eq!(Vectors::new(&two, 3).unwrap_err(), VectorFault::Count { found: 2, wanted: 3 });
        let other = [vec![1.0, 0.0], vec![1.0]];
        assert_eq!(Vectors::new(&other, 2).unwrap_err(), VectorFault::Dimensions { found: 1, wanted: 2 });
        for bad in [f32::NAN, f32::INFINITY, 0.0] {
            assert_eq!(Vectors::new(&[vec![bad, 0.0]], 1).unwrap_err(), VectorFault::NoNumber, "{bad}");
            let vectors = Vectors::new(&two, 2).unwrap();
            assert_eq!(vectors.nearness(&[0.0, bad]).unwrap_err(), VectorFault::NoNumber, "{bad}");
        }
        let vectors = Vectors::new(&two, 2).unwrap();
        assert_eq!(vectors.nearness(&[1.0]).unwrap_err(), VectorFault::Dimensions { found: 1, wanted: 2 });
        assert!(Vectors::new(&[], 0).unwrap().nearness(&[]).is_err());
    }
}
