//! The functions themselves, number by number: their values, and their slopes read off these.

/// A function of one number whose derivative can be told from its value.
pub(in crate::ops) trait Function: Copy + Sync + 'static {
    fn value(self, x: f32) -> f32;
    fn slope(self, y: f32) -> f32;
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(self, _: f32) -> f32 {
        1.0
    }
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct Leaky(pub(in crate::ops) f32);

impl Function for Leaky {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x > 0.0 { x } else { self.0 * x }
    }

    #[inline(always)]
    fn slope(self, y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { self.0 }
    }
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct Rectified;

/// Written so that NaN stays NaN.
impl Function for Rectified {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(self, y: f32) -> f32 {
        if y <= 0.0 { 0.0 } else { 1.0 }
    }
}

#[derive(Clone, Copy)]
pub(in crate::ops) struct HyperbolicTangent;

impl Function for HyperbolicTangent {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        crate::ops::lambert::tanh(x)
    }

    #[inline(always)]
    fn slope(self, y: f32) -> f32 {
        1.0 - y * y
    }
}
