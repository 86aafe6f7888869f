//! A layer behind another one with the wrong number of channels doesn't compile, and the compiler names both numbers.

mod support;

use support::{rustc, text};

/// Compiles each of `all` on images of 3 channels, with its forward in training, in one program.
fn compile(all: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let forward = |layers: &&str| {
        format!(
            "dev.build_module::<{layers}, f32>().forward_mut(dev.zeros_like(&(2, Const::<3>, 16, 16)).leaky_trace());"
        )
    };
    let program = format!(
        "use gan_course::dfdx::prelude::{{Const, Cpu, DeviceBuildExt, ModuleMut, Trace, ZerosTensor}};
        use gan_course::nn::builders::*;
        fn main() {{
            let dev = Cpu::default();
            {}
        }}",
        all.iter().map(forward).collect::<String>()
    );
    std::fs::write(folder.path().join("layers.rs"), program).unwrap();
    let mut compile = rustc();
    // An object file is enough: the check is made while code is, and linking takes longer than that.
    compile.args(["--crate-name", "layers", "--emit=obj", "layers.rs"]);
    let output = compile.current_dir(folder.path()).output().unwrap();
    (output.status.success(), text(&output))
}

#[test]
fn wrong_channel_counts_do_not_compile_and_are_named() {
    let wrong = [
        ("(Conv2d<3, 8, 4, 2, 1>, ReLU, Conv2d<16, 1, 4, 1, 0>)", "<16, 8>"),
        ("(ConvTranspose2d<3, 8, 4, 2, 1>, LeakyReLU, ConvTranspose2d<32, 1, 4, 1, 0>)", "<32, 8>"),
        ("(Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<9>)", "<9, 8>"),
        ("(Bias2d<5>, Conv2d<5, 8, 4, 2, 1>)", "<5, 3>"),
    ];
    let (compiles, message) = compile(&wrong.map(|(layers, _)| layers));
    assert!(!compiles);
    assert!(message.contains("a layer's input must have as many channels as the layer takes"), "{message}");
    for (layers, numbers) in wrong {
        assert!(message.contains(numbers), "{layers}: the message lacks {numbers}:\n{message}");
    }
}

#[test]
fn right_channel_counts_compile() {
    let (compiles, message) =
        compile(&["((Conv2d<3, 8, 4, 2, 1>, BatchNorm2d<8>, ReLU), Conv2d<8, 1, 8, 1, 0>)"]);
    assert!(compiles, "{message}");
}
