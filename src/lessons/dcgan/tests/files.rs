//! Files: a run whose images have changed, and a generator that is saved alone.

use super::*;

#[test]
fn other_images_than_the_runs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    std::fs::create_dir(&images).unwrap();
    let faces = crate::data::faces::Faces::sample(4, 40, 0).unwrap();
    let write = |index: usize| {
        let one = faces.images().select(&[index]).unwrap();
        let png = Picture::grid(&one, 1).unwrap().png().unwrap();
        std::fs::write(images.join(format!("{index}.png")), png).unwrap();
    };
    (0..3).for_each(write);
    let mut dcgan = Dcgan::new(DcganConfig { source: Source::folder(&images), ..small(0, 2) }).unwrap();
    dcgan.step().unwrap();
    let path = folder.path().join("dcgan.safetensors");
    dcgan.save(&path).unwrap();
    assert_same(&dcgan, &Dcgan::load(&path).unwrap());
    write(3);
    let error = Dcgan::load(&path).unwrap_err().to_string();
    assert!(error.contains("the images that it was trained on: 3 images of 3×32×32"), "{error}");
    assert!(
        error.contains("found 4 images of 3×32×32") && error.contains("Next: put the images back"),
        "{error}"
    );
    std::fs::copy(images.join("3.png"), images.join("0.png")).unwrap();
    std::fs::remove_file(images.join("3.png")).unwrap();
    let error = Dcgan::load(&path).unwrap_err().to_string();
    assert!(error.contains("found 3 images of 3×32×32 with checksum"), "{error}");
    std::fs::remove_dir_all(&images).unwrap();
    let error = Dcgan::load(&path).unwrap_err().to_string();
    assert!(error.contains("images"), "{error}");
}

#[test]
fn a_generator_is_saved_alone_and_read_by_dfdx_too() {
    use crate::nn::dcgan::{Generator32Small, initialise};
    use dfdx::prelude::{Const, DeviceBuildExt, LoadFromSafetensors, Module, ReshapeTo};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    let mut dcgan = Dcgan::new(small(8, 8)).unwrap();
    dcgan.step().unwrap();
    dcgan.save_generator(&path).unwrap();
    let loaded = Generator::load(&path).unwrap();
    assert!(tensors_of(loaded.network()) == tensors_of(dcgan.generator().network()));
    let z = dcgan.latent(3, 7).unwrap();
    let images = values(&dcgan.generate(&z).unwrap());
    assert!(values(&loaded.generate(&loaded.latent(3, 7).unwrap()).unwrap()) == images);
    let mut tuple = device().unwrap().build_module::<Generator32Small<16, 3>, f32>();
    initialise(&mut tuple, &mut Noise::new(99)).unwrap();
    tuple.load_safetensors(&path).unwrap();
    assert!(values(&tuple.forward(z.clone().reshape_like(&(3, Const::<16>, 1, 1)))) == images);

    // In half precision each number is rounded to 11 binary digits, and the images to less than a step of 1/255.
    let half = folder.path().join("half.safetensors");
    dcgan.generator().save_half(&half).unwrap();
    let rounded = Generator::load(&half).unwrap();
    let exact = tensors_of(dcgan.generator().network());
    let near = |a: f32, b: f32| (a - b).abs() <= 2f32.powi(-11) * b.abs() + 2f32.powi(-25);
    for ((name, a), (_, b)) in tensors_of(rounded.network()).iter().zip(&exact) {
        assert!(a.iter().zip(b).all(|(&a, &b)| near(a, b)), "{name}");
    }
    let other = values(&rounded.generate(&z).unwrap());
    assert!(other.iter().zip(&images).all(|(a, b)| (a - b).abs() <= 2.0 / 255.0));
    let sizes = [&half, &path].map(|path| std::fs::metadata(path).unwrap().len());
    assert!(sizes[0] < sizes[1] / 2 + 1_000, "{sizes:?}");

    let bytes = std::fs::read(&path).unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Generator::load(&path).unwrap_err().to_string()
    };
    let error = load(&bytes[..bytes.len() - 1]);
    assert!(error.contains("a file that save_generator wrote") && error.contains("Next: "), "{error}");
    assert!(load(b"").contains("a file that save_generator wrote"));
    let mut infinite = bytes.clone();
    let last = infinite.len() - 4;
    infinite[last..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(load(&infinite).contains("found inf in "));
    let text = String::from_utf8_lossy(&bytes[..2_000]).into_owned();
    let at = text.find("latent\\\":16").unwrap() + "latent\\\":".len();
    let mut other = bytes.clone();
    other[at..at + 2].copy_from_slice(b"17");
    assert!(load(&other).contains("a latent of 17"));
    dcgan.save(&path).unwrap();
    let error = Generator::load(&path).unwrap_err().to_string();
    assert!(error.contains("found a safetensors file of something else"), "{error}");
    assert!(Generator::load(folder.path().join("nowhere")).unwrap_err().to_string().contains("No such file"));
}
