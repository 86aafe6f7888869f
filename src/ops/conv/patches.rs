//! Convolution on a GPU: windows as columns of a matrix, one product, and the way back.
//!
//! With P the matrix of windows `(I·K·K, B·OH·OW)` and Y the output with its channels first, `(O, B·OH·OW)`:
//!
//! | direction | product |
//! | --- | --- |
//! | y from x and w | Y = W P |
//! | x from y and w | P = Wᵀ Y, and each pixel gathers the places that it has in P |
//! | w from x and y | W = Y Pᵀ |
//!
//! The images of a batch are taken in groups whose P has at most [`LARGEST`] numbers. A device says how it moves numbers
//! and multiplies ([`Launch`]): a GPU by the kernels of `gpu/kernels.cu` and cuBLAS; the tests' by the same text, compiled
//! for the processor.

use dfdx::prelude::{Device, Gradients, HasErr, HasShape, PutTape, Shape, Storage, Tape, Tensor};

use super::{Convolution, Map, Window, laid_out, laid_out_data};
use crate::ops::frozen::learns;

/// Convolution by patches and matrix products.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patches;

/// Numbers in a matrix of windows: half a gigabyte; in tests few, so that there are groups.
const LARGEST: usize = if cfg!(test) { 1 << 11 } else { 1 << 27 };

/// Where a device's numbers lie.
pub(crate) type Address = u64;

/// The struct of the same name in `gpu/kernels.cu`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Sizes {
    pub batch: u32,
    pub channels: u32,
    pub height: u32,
    pub width: u32,
    pub rows: u32,
    pub columns: u32,
    pub kernel: i32,
    pub stride: i32,
    pub padding: i32,
    pub add: i32,
}

/// A kernel of `gpu/kernels.cu` that moves numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mover {
    Patches,
    Gather,
    Swap,
}

/// The arguments of BLAS's `sgemm`, whose matrices lie column by column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub transposed: [bool; 2],
    pub sizes: [usize; 3],
    pub lead: [usize; 3],
    pub add: bool,
}

/// A device that moves numbers and multiplies matrices, in the order in which it is told to.
pub(crate) trait Launch: Device<f32> {
    /// Where a tensor's numbers lie; it must be laid out in row-major order in one piece.
    fn address<S: Shape>(tensor: &Tensor<S, f32, Self>) -> Result<Address, Self::Err>;
    /// Where a gradient's numbers lie.
    fn gradient(gradient: &mut <Self as Storage<f32>>::Vec) -> Address;
    /// Memory for so many numbers, of which there are two; valid until the next call with this slot.
    fn scratch(&self, slot: usize, count: usize) -> Result<Address, Self::Err>;
    /// Runs a kernel over `count` numbers of the result.
    ///
    /// # Safety
    /// Both places hold as many numbers as the sizes say.
    unsafe fn launch(
        &self,
        mover: Mover,
        count: usize,
        from: Address,
        to: Address,
        sizes: Sizes,
    ) -> Result<(), Self::Err>;
    /// c = a b, or c += a b.
    ///
    /// # Safety
    /// All places hold as many numbers as the product says.
    unsafe fn multiply(&self, product: Product, a: Address, b: Address, c: Address) -> Result<(), Self::Err>;
}

/// A matrix by rows, read as it lies or transposed.
#[derive(Clone, Copy)]
struct Matrix(Address, bool);

/// c `(m, n)` (+)= a `(m, k)` b `(k, n)`, all by rows. What lies by rows is, read by columns, the transpose; and
/// cᵀ = bᵀ aᵀ.
unsafe fn multiply<D: Launch>(
    dev: &D,
    [m, k, n]: [usize; 3],
    a: Matrix,
    b: Matrix,
    c: Address,
    add: bool,
) -> Result<(), D::Err> {
    let lead = [if b.1 { k } else { n }, if a.1 { m } else { k }, n];
    let product = Product { transposed: [b.1, a.1], sizes: [n, m, k], lead, add };
    // SAFETY: the caller's.
    unsafe { dev.multiply(product, b.0, a.0, c) }
}

/// One convolution's sizes.
#[derive(Clone, Copy)]
struct Plan {
    batch: usize,
    inputs: usize,
    outputs: usize,
    /// Of the image, and of what the window reaches.
    size: (usize, usize),
    reached: (usize, usize),
    window: Window,
}

/// Some of a batch's images, with the offsets of the first in x and in y, in bytes.
struct Group {
    images: usize,
    x: u64,
    y: u64,
}

impl Plan {
    fn new<D: Launch + super::Convolve>(
        image: (usize, usize, usize, usize),
        kernel: (usize, usize, usize, usize),
        window: Window,
    ) -> Result<Self, D::Err> {
        let reached = window.reach::<D>(image, kernel)?;
        let (batch, inputs, height, width) = image;
        Ok(Self { batch, inputs, outputs: kernel.0, size: (height, width), reached, window })
    }

    /// Numbers in a window.
    fn tall(&self) -> usize {
        self.inputs * self.window.kernel * self.window.kernel
    }

    fn plane(&self) -> usize {
        self.reached.0 * self.reached.1
    }

    fn groups(&self) -> impl Iterator<Item = Group> {
        let (whole, pixels, outputs) =
            (*self, self.inputs * self.size.0 * self.size.1, self.outputs * self.plane());
        let most = (LARGEST / (self.tall().max(self.outputs) * self.plane()).max(1)).max(1);
        (0..whole.batch).step_by(most).map(move |first| Group {
            images: most.min(whole.batch - first),
            x: (first * pixels * size_of::<f32>()) as u64,
            y: (first * outputs * size_of::<f32>()) as u64,
        })
    }

    fn sizes(&self, images: usize, channels: usize, add: bool) -> Sizes {
        Sizes {
            batch: images as u32,
            channels: channels as u32,
            height: self.size.0 as u32,
            width: self.size.1 as u32,
            rows: self.reached.0 as u32,
            columns: self.reached.1 as u32,
            kernel: self.window.kernel as i32,
            stride: self.window.stride as i32,
            padding: self.window.padding as i32,
            add: i32::from(add),
        }
    }

    /// The windows of a group's images, in scratch memory.
    unsafe fn windows<D: Launch>(&self, dev: &D, x: Address, group: &Group) -> Result<Address, D::Err> {
        let count = self.tall() * group.images * self.plane();
        let columns = dev.scratch(0, count)?;
        let sizes = self.sizes(group.images, self.inputs, false);
        // SAFETY: scratch has `count` numbers, x the caller's images.
        unsafe { dev.launch(Mover::Patches, count, x + group.x, columns, sizes)? };
        Ok(columns)
    }

    /// A group's outputs with their channels first, in scratch memory.
    unsafe fn channels_first<D: Launch>(
        &self,
        dev: &D,
        y: Address,
        group: &Group,
    ) -> Result<Address, D::Err> {
        let count = self.outputs * group.images * self.plane();
        let turned = dev.scratch(1, count)?;
        let sizes = self.sizes(group.images, self.outputs, false);
        // SAFETY: scratch has `count` numbers, y the caller's outputs.
        unsafe { dev.launch(Mover::Swap, count, y + group.y, turned, sizes)? };
        Ok(turned)
    }

    /// y (+)= windows of x.
    unsafe fn collect<D: Launch>(
        &self,
        dev: &D,
        x: Address,
        w: Address,
        y: Address,
        add: bool,
    ) -> Result<(), D::Err> {
        for group in self.groups() {
            let wide = group.images * self.plane();
            let turned = dev.scratch(1, self.outputs * wide)?;
            let sizes = [self.outputs, self.tall(), wide];
            // Turned back: (O, B) to (B, O).
            let back = self.sizes(self.outputs, group.images, add);
            // SAFETY: the caller's, of a group; scratch is as long as each product is.
            unsafe {
                let columns = self.windows(dev, x, &group)?;
                multiply(dev, sizes, Matrix(w, false), Matrix(columns, false), turned, false)?;
                dev.launch(Mover::Swap, self.outputs * wide, turned, y + group.y, back)?;
            }
        }
        Ok(())
    }

    /// x (+)= y spread over the windows.
    unsafe fn spread<D: Launch>(
        &self,
        dev: &D,
        y: Address,
        w: Address,
        x: Address,
        add: bool,
    ) -> Result<(), D::Err> {
        for group in self.groups() {
            let wide = group.images * self.plane();
            let columns = dev.scratch(0, self.tall() * wide)?;
            let pixels = group.images * self.inputs * self.size.0 * self.size.1;
            let sizes = [self.tall(), self.outputs, wide];
            // SAFETY: the caller's, of a group; scratch is as long as each product is.
            unsafe {
                let turned = self.channels_first(dev, y, &group)?;
                multiply(dev, sizes, Matrix(w, true), Matrix(turned, false), columns, false)?;
                let sizes = self.sizes(group.images, self.inputs, add);
                dev.launch(Mover::Gather, pixels, columns, x + group.x, sizes)?;
            }
        }
        Ok(())
    }

    /// w += the products of x and y.
    unsafe fn weigh<D: Launch>(&self, dev: &D, x: Address, y: Address, w: Address) -> Result<(), D::Err> {
        for group in self.groups() {
            let sizes = [self.outputs, group.images * self.plane(), self.tall()];
            // SAFETY: the caller's, of a group.
            unsafe {
                let columns = self.windows(dev, x, &group)?;
                let turned = self.channels_first(dev, y, &group)?;
                multiply(dev, sizes, Matrix(turned, false), Matrix(columns, true), w, true)?;
            }
        }
        Ok(())
    }
}

/// Frees a gradient that nobody needs any more.
fn release<D: Launch>(dev: &D, gradient: &mut <D as Storage<f32>>::Vec) -> Result<(), D::Err> {
    *gradient = Storage::<f32>::try_alloc_len(dev, 1)?;
    Ok(())
}

impl<D: Launch + super::Convolve> Convolution<D> for Patches {
    fn conv2d<T: Tape<f32, D> + 'static>(
        x: Map<D, T>,
        kernel: Map<D>,
        window: Window,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (x, kernel, tape) = laid_out(x, kernel)?;
        conv2d(x, kernel, window, tape, true)
    }

    fn conv_transpose2d<T: Tape<f32, D> + 'static>(
        y: Map<D, T>,
        kernel: Map<D>,
        window: Window,
        size: (usize, usize),
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (y, kernel, tape) = laid_out(y, kernel)?;
        conv_transpose2d(y, kernel, window, size, tape, true)
    }

    fn conv2d_of_data<T: Tape<f32, D> + 'static>(
        x: Map<D>,
        kernel: Map<D>,
        window: Window,
        tape: T,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (x, kernel, tape) = laid_out_data(x, kernel, tape)?;
        conv2d(x, kernel, window, tape, false)
    }

    fn conv_transpose2d_of_data<T: Tape<f32, D> + 'static>(
        y: Map<D>,
        kernel: Map<D>,
        window: Window,
        size: (usize, usize),
        tape: T,
    ) -> Result<Map<D, T>, <D as HasErr>::Err> {
        let (y, kernel, tape) = laid_out_data(y, kernel, tape)?;
        conv_transpose2d(y, kernel, window, size, tape, false)
    }
}

/// `wanted`: whether x gets a gradient.
fn conv2d<D: Launch + super::Convolve, T: Tape<f32, D> + 'static>(
    x: Map<D>,
    kernel: Map<D>,
    window: Window,
    mut tape: T,
    wanted: bool,
) -> Result<Map<D, T>, <D as HasErr>::Err> {
    let plan = Plan::new::<D>(*x.shape(), *kernel.shape(), window)?;
    let dev = x.device().clone();
    let y = dev.try_zeros_like(&(plan.batch, plan.outputs, plan.reached.0, plan.reached.1))?;
    // SAFETY: the tensors have the plan's shapes, and y is nobody else's yet.
    unsafe { plan.collect(&dev, D::address(&x)?, D::address(&kernel)?, D::address(&y)?, false)? };
    if T::OWNS_TAPE {
        let (of_x, of_kernel, of_y) = (wanted.then(|| x.ghost()), kernel.ghost(), y.ghost());
        tape.add_backward_op(move |gradients: &mut Gradients<f32, D>| {
            let outer = D::gradient(gradients.get_or_alloc_mut(&of_y)?);
            if learns::<D, T>() {
                let to = D::gradient(gradients.get_or_alloc_mut(&of_kernel)?);
                // SAFETY: gradients are as long as their tensors, and lie where they are until the end of this.
                unsafe { plan.weigh(&dev, D::address(&x)?, outer, to)? };
            }
            if let Some(of_x) = of_x {
                let to = D::gradient(gradients.get_or_alloc_mut(&of_x)?);
                // SAFETY: as above.
                unsafe { plan.spread(&dev, outer, D::address(&kernel)?, to, true)? };
            }
            release(&dev, gradients.get_or_alloc_mut(&of_y)?)
        });
    }
    Ok(y.put_tape(tape))
}

/// `wanted`: whether y gets a gradient.
fn conv_transpose2d<D: Launch + super::Convolve, T: Tape<f32, D> + 'static>(
    y: Map<D>,
    kernel: Map<D>,
    window: Window,
    (height, width): (usize, usize),
    mut tape: T,
    wanted: bool,
) -> Result<Map<D, T>, <D as HasErr>::Err> {
    let &(batch, outputs, rows, columns) = y.shape();
    let shape = (batch, kernel.shape().1, height, width);
    let plan = Plan::new::<D>(shape, *kernel.shape(), window)?;
    if (plan.outputs, plan.reached) != (outputs, (rows, columns)) {
        return Err(D::refusal());
    }
    let dev = y.device().clone();
    let x = dev.try_zeros_like(&shape)?;
    // SAFETY: the tensors have the plan's shapes, and x is nobody else's yet.
    unsafe { plan.spread(&dev, D::address(&y)?, D::address(&kernel)?, D::address(&x)?, false)? };
    if T::OWNS_TAPE {
        let (of_x, of_kernel, of_y) = (x.ghost(), kernel.ghost(), wanted.then(|| y.ghost()));
        tape.add_backward_op(move |gradients: &mut Gradients<f32, D>| {
            let outer = D::gradient(gradients.get_or_alloc_mut(&of_x)?);
            if learns::<D, T>() {
                let to = D::gradient(gradients.get_or_alloc_mut(&of_kernel)?);
                // SAFETY: gradients are as long as their tensors, and lie where they are until the end of this.
                unsafe { plan.weigh(&dev, outer, D::address(&y)?, to)? };
            }
            if let Some(of_y) = of_y {
                let to = D::gradient(gradients.get_or_alloc_mut(&of_y)?);
                // SAFETY: as above.
                unsafe { plan.collect(&dev, outer, D::address(&kernel)?, to, true)? };
            }
            release(&dev, gradients.get_or_alloc_mut(&of_x)?)
        });
    }
    Ok(x.put_tape(tape))
}
