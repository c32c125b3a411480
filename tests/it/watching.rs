//! What operators watch, on a listener of its own, from the real binary.

use std::time::{Duration, Instant};

use crate::faults::stage::Stage;
use crate::support::server_process::{Installation, free_port};

fn get(address: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let response = reqwest::get(address).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    })
}

#[test]
fn a_listener_of_its_own_tells_how_many_sign_ins_live() {
    let mut stage = Stage::new(Installation::on_sqlite());
    stage.refresh_tokens(3);
    let port = free_port();
    let listen = ("ISSUANT_METRICS_LISTEN", format!("127.0.0.1:{port}").into());
    stage.installation.variables.push(listen);
    let server = stage.installation.serve();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let began = Instant::now();
    loop {
        let (status, text) = get(&at("/metrics"));
        assert_eq!(status, 200, "{text}");
        if text.contains("\nissuant_families_live 3\n") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Nothing else is there, and metrics are nowhere else.
    for elsewhere in [at("/token"), at("/"), server.at("/metrics")] {
        assert_eq!(get(&elsewhere).0, 404, "{elsewhere}");
    }
}
