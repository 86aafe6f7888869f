//! Several GPUs, named by number and id in either order, and GPUs that MIG has divided.

use super::*;

#[test]
fn of_several_gpus_the_named_or_the_most_capable_is_taken() {
    let made = Made::whole();
    made.driver(
        "13.0",
        &[
            "GPU-a1, NVIDIA A10, 8.6, 580.1, [N/A]",
            "GPU-c3, NVIDIA H200, 9.0, 580.1, Disabled",
            "GPU-d4, NVIDIA H200, 9.0, 580.1, Disabled",
        ],
    );
    for (visible, capability, device) in [
        (None, "9.0", "GPU-c3"),
        (Some("0"), "8.6", "GPU-a1"),
        (Some("2,0"), "9.0", "GPU-d4"),
        (Some("GPU-a"), "8.6", "GPU-a1"),
    ] {
        let build = made.probe_seeing(visible).build();
        assert_eq!(build, Some(made.build("toolkit", capability, device)), "{visible:?}");
    }
    for none in ["", "-1", "3", "GPU-x", "G", "MIG-a"] {
        let probe = made.probe_seeing(Some(none));
        let missing = probe.missing().next().unwrap();
        assert!(missing.detail.starts_with(&format!("CUDA_VISIBLE_DEVICES is `{none}`")), "{missing:?}");
    }
    let several = made.probe_seeing(Some("GPU-"));
    assert!(several.missing().next().unwrap().detail.ends_with("names several"), "{several:?}");
}

#[test]
fn numbers_in_cudas_own_order_are_handed_on_where_all_are_alike() {
    let made = Made::whole();
    let in_own_order = |visible: &str| probe(&Machine { by_bus: false, ..made.machine(Some(visible)) });
    made.driver("13.0", &["GPU-a1, NVIDIA A10, 8.6, 580.1, [N/A]", "GPU-b2, NVIDIA A10, 8.6, 580.1, [N/A]"]);
    assert_eq!(in_own_order("1,0").build(), Some(made.build("toolkit", "8.6", "1")));
    assert_eq!(in_own_order("GPU-b2").build(), Some(made.build("toolkit", "8.6", "GPU-b2")));
    // A slower one first on the bus: CUDA's 0 is nvidia-smi's 1, which only CUDA knows.
    made.driver(
        "13.0",
        &["GPU-a1, NVIDIA T1000, 7.5, 580.1, [N/A]", "GPU-b2, NVIDIA A10, 8.6, 580.1, [N/A]"],
    );
    let (build, line) = decide(Choice::default(), || in_own_order("0")).unwrap();
    assert_eq!(build, Build::Cpu);
    assert!(line.unwrap().starts_with("Not using the GPU: NVIDIA GPU missing"));
    let refused = decide(Choice { cuda: true, cpu: false }, || in_own_order("0")).unwrap_err().to_string();
    assert!(
        refused.contains("CUDA's own order") && refused.contains("CUDA_DEVICE_ORDER=PCI_BUS_ID"),
        "{refused}"
    );
    assert_eq!(made.probe_seeing(Some("1")).build(), Some(made.build("toolkit", "8.6", "GPU-b2")));
    // One GPU has one number.
    made.driver("13.0", &["GPU-a1, NVIDIA A10, 8.6, 580.1, [N/A]"]);
    assert_eq!(in_own_order("0").build(), Some(made.build("toolkit", "8.6", "GPU-a1")));
}

#[test]
fn dfdx_wants_code_for_the_first_gpu_whichever_is_used() {
    let made = Made::whole();
    let after = |first: &str| made.driver("13.0", &[first, "GPU-b2, NVIDIA A10, 8.6, 580.1, [N/A]"]);
    after("GPU-a1, NVIDIA H200, 9.0, 580.1, Disabled");
    assert_eq!(made.probe_seeing(Some("1")).build(), Some(made.build("toolkit", "8.6", "GPU-b2")));
    for (first, capability) in [("NVIDIA GeForce GTX 1080", "6.1"), ("NVIDIA GeForce GT 730", "[N/A]")] {
        after(&format!("GPU-a1, {first}, {capability}, 580.1, [N/A]"));
        let refused = made.refusal();
        assert!(refused.contains(&format!("the first GPU too, {first},")), "{refused}");
        assert!(refused.contains(&format!("none for its capability {capability}")), "{refused}");
    }
}

/// What `nvidia-smi -L` says where MIG has divided the first of two GPUs.
const DIVIDED: &str = "\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6)
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef)
  MIG 1g.5gb      Device  1: (UUID: MIG-c0ffee00)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-e14d1b22)";

#[test]
fn of_a_divided_gpu_an_instance_is_taken() {
    let made = Made::whole();
    let both = |mig: [&str; 2], list: &str| {
        let query = format!(
            "GPU-5d5ba0d6, NVIDIA A100-SXM4-40GB, 8.0, 580.1, {}\nGPU-e14d1b22, NVIDIA A100-SXM4-40GB, 8.0, 580.1, {}",
            mig[0], mig[1]
        );
        made.program(
            "bin/nvidia-smi",
            &format!(
                "[ $# = 0 ] && echo 'CUDA Version: 13.0 |' && exit\n[ $1 = -L ] && echo '{list}' && exit\necho '{query}'"
            ),
        );
    };
    both(["Enabled", "Disabled"], DIVIDED);
    for (visible, device) in [
        (None, "MIG-c6d4f1ef"),
        (Some("MIG-c0ffee00"), "MIG-c0ffee00"),
        (Some("GPU-5d5ba0d6"), "MIG-c6d4f1ef"),
        (Some("GPU-e14d1b22"), "GPU-e14d1b22"),
    ] {
        let probe = made.probe_seeing(visible);
        assert_eq!(probe.build(), Some(made.build("toolkit", "8.0", device)), "{visible:?}: {probe:?}");
    }
    assert!(made.probe().summary().starts_with("NVIDIA A100-SXM4-40GB MIG 3g.20gb, compute capability 8.0"));
    let said = |visible| made.probe_seeing(visible).missing().next().unwrap().detail.clone();
    assert!(said(Some("0")).contains("with MIG numbers are nobody's"), "{}", said(Some("0")));
    assert!(said(Some("MIG-c")).contains("names several"), "{}", said(Some("MIG-c")));
    assert!(said(Some("MIG-d")).contains("names none of 4"), "{}", said(Some("MIG-d")));
    // Divided, and nothing made of it: the other GPU, if there is one that isn't.
    let empty = DIVIDED.lines().filter(|line| line.starts_with("GPU")).collect::<Vec<_>>().join("\n");
    both(["Enabled", "Disabled"], &empty);
    assert_eq!(made.probe().build(), Some(made.build("toolkit", "8.0", "GPU-e14d1b22")));
    both(["Enabled", "Enabled"], &empty);
    assert!(said(None).contains("is in MIG mode and has no instance"), "{}", said(None));
}
