//! Which settings are refused, and how they are written.

use super::*;
use crate::data::batches::BatchConfig;

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = || small(4, 4);
    for (config, part) in [
        (DcganConfig { batch: 0, ..default() }, "with this batch: expected 1 to 65536, found 0"),
        (DcganConfig { batch: 1 << 17, ..default() }, "with this batch: "),
        (DcganConfig { fakes: Some(0), ..default() }, "with this number of fakes: "),
        (DcganConfig { latent: 17, ..default() }, "expected 128, 16 or 1, found 17"),
        (DcganConfig { fixed: 0, ..default() }, "with this number of fixed latents: expected 1 to 1024"),
        (DcganConfig { epochs: 0, ..default() }, "epochs: expected at least one"),
        (DcganConfig { rate: Some(f64::NAN), ..default() }, "with this rate: "),
        (DcganConfig { rate: Some(-1.0), ..default() }, "with this rate: "),
        (DcganConfig { betas: [1.0, 0.9], ..default() }, "with this betas[0]: "),
        (DcganConfig { source: Source::faces(0), ..default() }, "draw faces: expected at least one, found 0"),
        (
            DcganConfig { source: Source::fashion(), preset: Preset::P64, ..default() },
            "Next: choose the preset 32 or 32-small",
        ),
        (DcganConfig { source: Source::folder("/nowhere/at/all"), ..default() }, "/nowhere/at/all"),
        (
            DcganConfig {
                source: Source::Folder(FolderSource { resize: Some(31), ..FolderSource::default() }),
                ..default()
            },
            "resize to be at least the preset's 32 pixels, found 31",
        ),
    ] {
        let error = Dcgan::new(config).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("Next: "), "{error}");
    }
}

#[test]
fn a_configuration_is_json_in_which_the_rest_may_be_left_out() {
    let read = |text: &str| serde_json::from_str::<DcganConfig>(text);
    assert_eq!(read("{}").unwrap(), DcganConfig::default());
    let config =
        read(r#"{"preset": "128", "source": {"folder": {"path": "/a", "resize": 180}}, "batch": 32}"#)
            .unwrap();
    assert_eq!((config.preset, config.batch, config.rate_of_a_step()), (Preset::P128, 32, 2e-4));
    assert_eq!(DcganConfig { epochs: config.epochs, ..DcganConfig::course_200("/a") }, config);
    assert_eq!(read(r#"{"source": {"fashion": {}}}"#).unwrap().source, Source::fashion());
    for text in [r#"{"preset": "16"}"#, r#"{"bacth": 3}"#, r#"{"source": {"faces": {"cuont": 3}}}"#] {
        assert!(read(text).is_err(), "{text}");
    }
    for config in
        [DcganConfig::ci(), DcganConfig::course_20("/b"), DcganConfig::course_latent_1(Source::fashion())]
    {
        assert_eq!(read(&serde_json::to_string(&config).unwrap()).unwrap(), config);
        config.check().unwrap();
    }
    assert_eq!("faces".parse(), Ok(Source::default()));
    assert_eq!("fashion".parse(), Ok(Source::fashion()));
    assert_eq!("/a/b".parse(), Ok(Source::folder("/a/b")));
    assert!("".parse::<Source>().is_err());
    assert_eq!(DcganConfig::ci().batches(), BatchConfig { size: 16, drop_last: false });
}
