//! A layer behind another one with the wrong number of channels doesn't compile, and the compiler names both numbers.

mod support;

use support::{rustc, text};

/// Compiles `layers` on images of 3 channels, with their forward in training.
fn compile(layers: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = format!(
        "use gan_course::dfdx::prelude::{{Const, Cpu, DeviceBuildExt, ModuleMut, Trace, ZerosTensor}};
        use gan_course::nn::builders::*;
        fn main() {{
            let dev = Cpu::default();
            let mut layers = dev.build_module::<{layers}, f32>();
            layers.forward_mut(dev.zeros_like(&(2, Const::<3>, 16, 16)).leaky_trace());
        }}"
    );
    std::fs::write(folder.path().join("layers.rs"), program).unwrap();
    let mut compile = rustc();
    compile.args(["--crate-name", "layers", "-o", "program", "layers.rs"]);
    let output = compile.current_dir(folder.path()).output().unwrap();
    (output.status.success(), text(&output))
}

#[test]
fn wrong_channel_counts_do_not_compile_and_are_named() {
    for (layers, numbers) in [
        ("(Conv2d<3, 8, 4, 2, 1>, ReLU, Conv2d<16, 1, 4, 1, 0>)", "<16, 8>"),
        ("(ConvTranspose2d<3, 8, 4, 2, 1>, LeakyReLU, ConvTranspose2d<16, 1, 4, 1, 0>)", "<16, 8>"),
        ("(Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<9>)", "<9, 8>"),
        ("(Bias2d<5>, Conv2d<5, 8, 4, 2, 1>)", "<5, 3>"),
    ] {
        let (compiles, message) = compile(layers);
        assert!(!compiles, "{layers} compiles");
        for part in ["a layer's input must have as many channels as the layer takes", numbers] {
            assert!(message.contains(part), "{layers}: the message lacks {part}:\n{message}");
        }
    }
    let (compiles, message) =
        compile("((Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<8>, ReLU), Conv2d<8, 1, 8, 1, 0>)");
    assert!(compiles, "{message}");
}
