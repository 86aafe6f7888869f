//! Both implementations against a float64 loop over the one sum, against PyTorch, and what a window refuses.

use dfdx::prelude::{
    Axes4, Backward, Cpu, CpuError, HasShape, OwnedTape, PermuteTo, PutTape, Rank0, SplitTape, SumTo,
    TensorFromVec, Trace, TryAdd, TryMul,
};

use super::*;
use crate::ops::oracle::{Literals, close, doubles, number};
use crate::tensor::Noise;

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    /// Channels of the image and of the output.
    channels: (usize, usize),
    /// Rows and columns of the image.
    size: (usize, usize),
    window: Window,
}

/// All products of the sum: calls `visit` with the places in y, w and x of each.
fn terms(case: Case, mut visit: impl FnMut(usize, usize, usize)) {
    let Case { batch, channels: (inputs, outputs), size: (h, w), window } = case;
    let Window { kernel, stride, padding } = window;
    let (oh, ow) = (window.output(h).unwrap(), window.output(w).unwrap());
    let places = [batch, outputs, oh, ow, inputs, kernel, kernel];
    for index in 0..places.iter().product() {
        let mut rest = index;
        let [b, o, i, j, c, u, v] = {
            let mut digits = [0; 7];
            for at in (0..7).rev() {
                digits[at] = rest % places[at];
                rest /= places[at];
            }
            digits
        };
        let (row, column) = (i * stride + u, j * stride + v);
        if (padding..h + padding).contains(&row) && (padding..w + padding).contains(&column) {
            visit(
                ((b * outputs + o) * oh + i) * ow + j,
                ((o * inputs + c) * kernel + u) * kernel + v,
                ((b * inputs + c) * h + row - padding) * w + column - padding,
            );
        }
    }
}

impl Case {
    fn sizes(&self) -> [Sizes; 3] {
        let Self { batch, channels: (inputs, outputs), size: (h, w), window } = *self;
        let (oh, ow) = (window.output(h).unwrap(), window.output(w).unwrap());
        [(batch, outputs, oh, ow), (outputs, inputs, window.kernel, window.kernel), (batch, inputs, h, w)]
    }
}

type Sizes = (usize, usize, usize, usize);

/// One of y, w and x from the two others.
fn naive(case: Case, [y, w, x]: [Option<&[f64]>; 3]) -> Vec<f64> {
    let missing = [y, w, x].iter().position(Option::is_none).unwrap();
    let (n, c, h, k) = case.sizes()[missing];
    let mut sums = vec![0.0; n * c * h * k];
    terms(case, |at_y, at_w, at_x| match (y, w, x) {
        (None, Some(w), Some(x)) => sums[at_y] += w[at_w] * x[at_x],
        (Some(y), None, Some(x)) => sums[at_w] += y[at_y] * x[at_x],
        (Some(y), Some(w), None) => sums[at_x] += y[at_y] * w[at_w],
        _ => unreachable!("one of three is missing"),
    });
    sums
}

fn random(noise: &mut Noise, sizes: Sizes) -> Map<Cpu> {
    let (n, c, h, w) = sizes;
    Cpu::default().tensor_from_vec(noise.normal(n * c * h * w), sizes)
}

type Traced = Map<Cpu, OwnedTape<f32, Cpu>>;

/// Both operations of one implementation: values, and the gradients of image and kernel.
fn check<By: Convolution<Cpu>>(case: Case, noise: &mut Noise) {
    let Case { window, size, .. } = case;
    compare(
        &format!("conv2d {case:?}"),
        (case, X, noise),
        |image, kernel| By::conv2d(image, kernel, window),
        |image, kernel| By::conv2d(image, kernel, window),
    );
    compare(
        &format!("conv_transpose2d {case:?}"),
        (case, Y, noise),
        |image, kernel| By::conv_transpose2d(image, kernel, window, size),
        |image, kernel| By::conv_transpose2d(image, kernel, window, size),
    );
}

/// Places in [`Case::sizes`].
const Y: usize = 0;
const W: usize = 1;
const X: usize = 2;

/// One operation, `from` x or y, whose loss is Σ g·out + Σ out² + Σ h·image + Σ k·kernel: the result is used twice,
/// and image and kernel are used elsewhere, so that each gradient is a sum.
fn compare(
    name: &str,
    (case, from, noise): (Case, usize, &mut Noise),
    traced: impl Fn(Traced, Map<Cpu>) -> Result<Traced, CpuError>,
    untraced: impl Fn(Map<Cpu>, Map<Cpu>) -> Result<Map<Cpu>, CpuError>,
) {
    let (sizes, to) = (case.sizes(), Y + X - from);
    let [image, h, g] = [from, from, to].map(|of| random(noise, sizes[of]));
    let [kernel, k] = [W, W].map(|of| random(noise, sizes[of]));
    let (output, tape) = traced(image.leaky_trace(), kernel.clone()).unwrap().split_tape();
    let plain = untraced(image.clone(), kernel.clone()).unwrap();
    assert_eq!(plain.as_vec(), output.as_vec(), "{name}: traced and untraced");

    let weighted = |of: Traced, by: &Map<Cpu>| of.try_mul(by.clone()).unwrap().sum::<Rank0, _>();
    let loss = weighted(output.clone().put_tape(tape), &g)
        .try_add(output.retaped::<OwnedTape<f32, Cpu>>().square().sum::<Rank0, _>())
        .unwrap()
        .try_add(weighted(image.retaped(), &h))
        .unwrap()
        .try_add(weighted(kernel.retaped(), &k))
        .unwrap();
    let gradients = loss.backward();

    let [image_f64, kernel_f64, g, h, k] = [&image, &kernel, &g, &h, &k].map(|map| doubles(&map.as_vec()));
    let product = |one: (usize, &[f64]), other: (usize, &[f64])| {
        let mut known = [None; 3];
        known[one.0] = Some(one.1);
        known[other.0] = Some(other.1);
        naive(case, known)
    };
    let expected = product((from, &image_f64), (W, &kernel_f64));
    close(name, &output.as_vec(), &expected, 1e-4);
    let sum = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
    let outer = sum(&g, &expected.iter().map(|value| 2.0 * value).collect::<Vec<_>>());
    let of_image = sum(&h, &product((to, &outer), (W, &kernel_f64)));
    close(&format!("image gradient of {name}"), &gradients.get(&image).as_vec(), &of_image, 1e-4);
    let of_kernel = sum(&k, &product((to, &outer), (from, &image_f64)));
    close(&format!("kernel gradient of {name}"), &gradients.get(&kernel).as_vec(), &of_kernel, 1e-4);
}

fn case(batch: usize, channels: (usize, usize), size: usize, [kernel, stride, padding]: [usize; 3]) -> Case {
    Case { batch, channels, size: (size, size), window: Window { kernel, stride, padding } }
}

/// The course's layers, and the smallest of everything.
fn fixed() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in [4, 6, 8, 16] {
        cases.push(case(2, (4, 5), size, [4, 2, 1]));
        cases.push(case(2, (3, 5), size, [4, 2, 1]));
    }
    cases.push(case(3, (4, 2), 4, [4, 1, 0])); // to 1×1 and back
    cases.push(case(2, (8, 1), 4, [4, 1, 0]));
    cases.push(case(1, (1, 1), 1, [1, 1, 0]));
    cases.push(case(1, (1, 1), 1, [3, 1, 1]));
    cases.push(case(2, (2, 3), 5, [1, 3, 0])); // a stride larger than the kernel
    cases.push(case(1, (2, 2), 3, [1, 1, 2])); // more padding than kernel
    // Several groups of images, the last one smaller, and several tasks of channels.
    cases.push(case(3, (3, 70), 64, [3, 1, 1])); // one image each
    cases.push(case(6, (4, 70), 64, [4, 2, 1])); // the same, side by side
    // A kernel that covers the image: several tasks of images and of channels.
    cases.push(case(70, (3, 2), 4, [4, 1, 0]));
    cases.push(case(3, (2, 70), 3, [3, 2, 0]));
    cases
}

/// 60 shapes: kernel 1 to 5, stride 1 to 3, padding 0 to 2, sides 1 to 9, batch 1 to 3, channels 1 to 4.
fn drawn() -> Vec<Case> {
    let mut noise = Noise::new(11);
    let mut draw = |from: usize, to: usize| from + noise.indices(1, to + 1 - from).unwrap()[0];
    (0..60)
        .map(|_| {
            let window = Window { kernel: draw(1, 5), stride: draw(1, 3), padding: draw(0, 2) };
            let smallest = window.kernel.saturating_sub(2 * window.padding).max(1);
            Case {
                batch: draw(1, 3),
                channels: (draw(1, 4), draw(1, 4)),
                size: (draw(smallest, 9), draw(smallest, 9)),
                window,
            }
        })
        .collect()
}

fn check_all<By: Convolution<Cpu>>() {
    let mut noise = Noise::new(5);
    for case in fixed().into_iter().chain(drawn()) {
        check::<By>(case, &mut noise);
    }
}

#[test]
fn composed_is_the_naive_loop() {
    check_all::<Composed>();
}

/// What a GPU computes, its kernels compiled for the processor.
#[test]
#[cfg(not(feature = "cuda"))]
fn patches_are_the_naive_loop() {
    check_all::<Patches>();
}

/// Eight groups of images, side by side, by Winograd's algorithm and by patches; and summed apart. And channels for several tasks.
#[test]
fn many_groups_of_images_and_many_channels_are_the_naive_loop() {
    let mut noise = Noise::new(12);
    for (batch, window) in
        [(60, [4, 2, 1]), (130, [4, 2, 1]), (340, [4, 2, 1]), (100, [3, 1, 1]), (150, [3, 1, 1])]
    {
        check::<Kernels>(case(batch, (4, 5), 32, window), &mut noise);
    }
    for channels in [(150, 5), (5, 300)] {
        check::<Kernels>(case(2, channels, 4, [4, 2, 1]), &mut noise);
    }
}

/// Of small images, Winograd's maps take 16, 8, 4 and 1 at a time: 29 = 16 + 8 + 4 + 1; of wider ones from 8 on. Sizes that
/// tiles don't cover, too.
#[test]
fn small_images_side_by_side_are_the_naive_loop() {
    let mut noise = Noise::new(13);
    for (batch, size, padding) in
        [(29, 9, 1), (29, 6, 0), (45, 4, 1), (31, 17, 2), (4, 7, 2), (29, 35, 1), (8, 33, 0)]
    {
        check::<Kernels>(case(batch, (4, 5), size, [4, 2, padding]), &mut noise);
    }
}

/// Few small images, and wide ones, are taken row by row; vectors of 16, 8, 4 and 1 tiles.
#[test]
fn rows_of_tiles_are_the_naive_loop() {
    let mut noise = Noise::new(14);
    for (batch, size, padding) in
        [(3, 8, 1), (2, 9, 1), (1, 7, 2), (3, 4, 1), (2, 5, 0), (7, 32, 1), (3, 119, 1), (2, 66, 0)]
    {
        check::<Kernels>(case(batch, (4, 5), size, [4, 2, padding]), &mut noise);
    }
}

#[test]
fn kernels_are_the_naive_loop() {
    check_all::<Kernels>();
}

#[test]
fn drawn_shapes_reach_every_corner() {
    let cases = drawn();
    for corner in [
        |case: &Case| case.batch == 1,
        |case: &Case| case.channels.0 == 1,
        |case: &Case| case.channels.1 == 1,
        |case: &Case| case.size.0 != case.size.1,
        |case: &Case| case.size.0 == 1,
        |case: &Case| case.window.stride > case.window.kernel,
        |case: &Case| {
            !(case.size.0 + 2 * case.window.padding - case.window.kernel).is_multiple_of(case.window.stride)
        },
    ] {
        assert!(cases.iter().filter(|case| corner(case)).count() >= 2);
    }
}

fn literals<By: Convolution<Cpu>>() {
    let literals = Literals::read(include_str!("../../../tests/pytorch/conv.csv"));
    for name in literals.cases("conv") {
        let window =
            Window { kernel: number(name, 'k'), stride: number(name, 's'), padding: number(name, 'p') };
        let [x, kernel, outer] = ["x", "weight", "outer"].map(|tensor| literals.map(name, tensor));
        let traced = x.leaky_trace();
        let y = if name.starts_with("conv2d") {
            By::conv2d(traced, kernel.clone(), window).unwrap()
        } else {
            let (_, _, h, w) = *outer.shape();
            By::conv_transpose2d(traced, kernel.clone(), window, (h, w)).unwrap()
        };
        let same = |tensor: &str, actual: Vec<f32>| {
            close(&format!("{name} {tensor}"), &actual, &doubles(literals.values(name, tensor)), 1e-4);
        };
        same("y", y.as_vec());
        let gradients = y.try_mul(outer).unwrap().sum::<Rank0, _>().backward();
        same("x gradient", gradients.get(&x).as_vec());
        same("weight gradient", gradients.get(&kernel).as_vec());
    }
}

#[test]
fn composed_is_pytorchs() {
    literals::<Composed>();
}

#[test]
#[cfg(not(feature = "cuda"))]
fn patches_are_pytorchs() {
    literals::<Patches>();
}

#[test]
fn kernels_are_pytorchs() {
    literals::<Kernels>();
}

#[test]
fn a_window_that_does_not_fit_is_refused() {
    let window = |kernel, stride, padding| Window { kernel, stride, padding };
    let refused = [
        (window(4, 2, 1).output(1), "expected a padded image of at least 4×4 pixels"),
        (window(4, 2, 2).output(0), "expected an image with at least one row and column, found none"),
        (window(0, 1, 0).output(8), "expected a kernel and a stride of at least 1, found kernel 0, stride 1"),
        (window(3, 0, 0).output(8), "found kernel 3, stride 0"),
        (window(3, 0, 0).transposed_output(8), "found kernel 3, stride 0"),
        (
            window(3, 1, 0).transposed_output(0),
            "expected an image with at least one row and column, found none",
        ),
        (window(2, 1, 1).transposed_output(1), "found 2, from which a padding of 1 takes 2"),
        (window(2, 1, 3).transposed_output(1), "found 2, from which a padding of 3 takes 6"),
    ];
    for (result, part) in refused {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
}

#[test]
fn the_smallest_transposed_output_is_convolved_back() {
    for case in drawn() {
        let window = case.window;
        if let Ok(output) = window.transposed_output(case.size.0) {
            assert_eq!(window.output(output).unwrap(), case.size.0, "{window:?}");
            assert!(output == 1 || window.output(output - 1).ok() != Some(case.size.0), "{window:?}");
        }
    }
}

#[test]
fn a_frozen_kernel_gets_no_gradient_and_the_image_its_own() {
    fn check<By: Convolution<Cpu>>() {
        let mut noise = Noise::new(3);
        let image = random(&mut noise, (2, 3, 6, 6));
        let kernel = random(&mut noise, (4, 3, 4, 4));
        let window = Window { kernel: 4, stride: 2, padding: 1 };
        let open = By::conv2d(image.leaky_trace(), kernel.clone(), window).unwrap().sum().backward();
        let frozen =
            crate::ops::frozen(image.leaky_trace(), |x| By::conv2d(x, kernel.clone(), window)).unwrap();
        let frozen = frozen.sum().backward();
        assert_eq!(open.get(&image).as_vec(), frozen.get(&image).as_vec());
        assert!(open.get(&kernel).as_vec().iter().any(|g| *g != 0.0));
        let missing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| frozen.get(&kernel)));
        assert!(missing.is_err(), "a frozen kernel has a gradient");
    }
    check::<Kernels>();
    check::<Composed>();
    #[cfg(not(feature = "cuda"))]
    check::<Patches>();
}

#[test]
fn a_turned_kernel_gets_its_gradient_from_data_too() {
    fn check<By: Convolution<Cpu>>() {
        let mut noise = Noise::new(3);
        let window = Window { kernel: 4, stride: 2, padding: 1 };
        let image = random(&mut noise, (2, 3, 6, 6)).permute::<_, Axes4<0, 1, 3, 2>>();
        let kernel = random(&mut noise, (3, 3, 4, 4)).permute::<_, Axes4<1, 0, 3, 2>>();
        let tape = OwnedTape::default;
        let open = By::conv2d(image.leaky_trace(), kernel.clone(), window).unwrap().sum().backward();
        let data =
            By::conv2d_of_data(image.clone(), kernel.clone(), window, tape()).unwrap().sum().backward();
        close("of data", &data.get(&kernel).as_vec(), &doubles(&open.get(&kernel).as_vec()), 1e-6);
        let open = By::conv_transpose2d(image.leaky_trace(), kernel.clone(), window, (12, 12));
        let open = open.unwrap().sum().backward();
        let data = By::conv_transpose2d_of_data(image, kernel.clone(), window, (12, 12), tape());
        let data = data.unwrap().sum().backward();
        close("of data", &data.get(&kernel).as_vec(), &doubles(&open.get(&kernel).as_vec()), 1e-6);
    }
    check::<Kernels>();
    check::<Composed>();
    #[cfg(not(feature = "cuda"))]
    check::<Patches>();
}

#[test]
fn a_kernel_that_does_not_fit_the_image_is_an_error() {
    let mut noise = Noise::new(3);
    let window = Window { kernel: 4, stride: 2, padding: 1 };
    let image = random(&mut noise, (1, 3, 8, 8));
    for shape in [(4, 2, 4, 4), (4, 5, 4, 4), (4, 3, 3, 4), (4, 3, 5, 5)] {
        let kernel = random(&mut noise, shape);
        assert!(Kernels::conv2d(image.clone(), kernel, window).is_err(), "{shape:?}");
    }
    let kernel = random(&mut noise, (2, 5, 4, 4));
    assert!(Kernels::conv_transpose2d(image, kernel, window, (16, 16)).is_err());
}
