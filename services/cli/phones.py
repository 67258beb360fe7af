"""What the banner says to phones on the same network: where to join, the QR code, and what joining means."""

import io

from rich.text import Text

from services.cli.embedded import SystemState
from services.portal.joining import link_with


def for_phones(state: SystemState) -> list[Text]:
    """Where phones join, their QR code, and who may then do what; nothing where they cannot."""
    if not state.lan_url:
        return []
    import segno

    drawn = io.StringIO()
    segno.make(link_with(state.lan_url, state.lan_code), error="l", micro=False).terminal(
        drawn, border=2, compact=True
    )
    return [
        Text(),
        Text.assemble(("手机 / phone  ", "bold"), (state.lan_url, "bold underline"), "  ", state.lan_code),
        Text(drawn.getvalue().rstrip("\n"), style="#ffffff on #000000", no_wrap=True),
        Text("同一网络中凡持有此验证码者，均可选用任一虚构身份；验证码只能用一次"),
        Text(
            "Everybody on this network with the code can become any of the invented\npeople; it is good once"
        ),
        Text(
            "下一个 / next: 本机菜单的“让手机加入” / “Let a phone join” in the menu",
            style="dim",
        ),
    ]
