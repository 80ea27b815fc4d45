//! The mail catcher as a program, for demonstrations.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Parser;
use mail_catcher::MailCatcher;
use tokio::signal::unix::{SignalKind, signal};

/// An SMTP server that keeps all mail and delivers none, with a page that shows it.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port for SMTP; 0 takes a free one.
    #[arg(long, default_value_t = 1025)]
    smtp_port: u16,
    /// Port for the page; 0 takes a free one.
    #[arg(long, default_value_t = 1080)]
    http_port: u16,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Flags { host, smtp_port, http_port } = Flags::parse();
    let (smtp, http) = (SocketAddr::from((host, smtp_port)), SocketAddr::from((host, http_port)));
    let catcher = MailCatcher::start_at(smtp, http).await?;
    announce(&catcher);
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    catcher.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the line a script waits for")]
fn announce(catcher: &MailCatcher) {
    println!("mail catcher ready on {}, its mail on {}", catcher.smtp_url(), catcher.page_url());
}
