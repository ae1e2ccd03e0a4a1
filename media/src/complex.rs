//! `Complex`: complex numbers for Fourier transforms.
use std::ops::{Add, Mul, Sub};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex<T> {
    pub re: T,
    pub im: T,
}

impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>> Complex<T> {
    /// The square of the magnitude.
    pub fn power(self) -> T {
        self.re * self.re + self.im * self.im
    }

    /// The product with the conjugate of `other`.
    pub fn times_conjugate(self, other: Self) -> Self {
        Self { re: self.re * other.re + self.im * other.im, im: self.im * other.re - self.re * other.im }
    }

    /// The product with a real factor.
    pub fn scaled(self, factor: T) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }
}

impl<T: Add<Output = T>> Add for Complex<T> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl<T: Sub<Output = T>> Sub for Complex<T> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>> Mul for Complex<T> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_with_a_number_and_with_its_conjugate_are_those_of_the_definition() {
        let (a, b) = (Complex { re: 1.0, im: 2.0 }, Complex { re: 3.0, im: -1.0 });
        assert_eq!(a * b, Complex { re: 5.0, im: 5.0 });
        assert_eq!(a.times_conjugate(b), a * Complex { re: 3.0, im: 1.0 });
        assert_eq!((a.times_conjugate(a), a.power()), (Complex { re: 5.0, im: 0.0 }, 5.0));
        assert_eq!((a + b - a.scaled(2.0), a - a), (Complex { re: 2.0, im: -3.0 }, Complex::default()));
    }
}
