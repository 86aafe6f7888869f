//! What turns a convolution into matrix products, and the three directions that such products are read in.
//!
//! A [`Transform`] is a linear map on each of the three parts: it lowers images to V, kernels to U, outputs to M, so
//! that at each *position* p (one, or nine for Winograd's algorithm) convolution is the product M_p = U_p V_p. Since the
//! sum is linear in each part, the other two directions use the same maps and their adjoints ("raising"):
//!
//! | direction | computed as |
//! | --- | --- |
//! | y from x and w | y = raise(U_p V_p) |
//! | x from y and w | x = raise(U_pᵀ M_p) |
//! | w from x and y | w = raise(M_p V_pᵀ) |
//!
//! where "raise" in the first line is the adjoint of lowering outputs, and so on. Images are taken in groups, so that V
//! and M stay in the cache and small images share a product. Work is split by channels, never along a sum: results
//! don't depend on the number of threads.

/// Sizes of a convolution: x `(batch, inputs, height, width)`, w `(outputs, inputs, kernel, kernel)`, y
/// `(batch, outputs, out_height, out_width)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) out_height: usize,
    pub(super) out_width: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Sizes {
    pub(super) fn image(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn output(&self) -> usize {
        self.out_height * self.out_width
    }
}

/// Linear maps of image planes, kernels and output planes, and their adjoints, which add to what is there.
pub(super) trait Transform: Sync {
    /// How many products there are.
    const POSITIONS: usize;

    /// The sizes that it was made for.
    fn sizes(&self) -> &Sizes;

    /// Rows of V for each input channel.
    fn rows(&self) -> usize;

    /// Columns of V and M for each image.
    fn tiles(&self) -> usize;

    /// One channel of several images to its rows of V, `(rows, POSITIONS, tiles of all images)`.
    fn lower_images<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]);

    /// The adjoint of [`lower_images`](Self::lower_images).
    fn raise_images<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>);

    /// The kernel of one output channel `(inputs, K, K)` to its rows of U, `(POSITIONS, inputs · rows)`, each `pitch`
    /// numbers after the one before.
    fn lower_kernel(&self, kernel: &[f32], rows: &mut [f32], pitch: usize);

    /// The adjoint of [`lower_kernel`](Self::lower_kernel).
    fn raise_kernel(&self, rows: &[f32], kernel: &mut [f32], pitch: usize);

    /// One output channel of several images to its rows of M, `(POSITIONS, tiles of all images)`.
    fn lower_outputs<'a>(&self, planes: impl ExactSizeIterator<Item = &'a [f32]>, rows: &mut [f32]);

    /// The adjoint of [`lower_outputs`](Self::lower_outputs).
    fn raise_outputs<'a>(&self, rows: &[f32], planes: impl ExactSizeIterator<Item = &'a mut [f32]>);
}
