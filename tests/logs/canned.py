"""A network of prepared answers, for the tests of those who fetch lists and logs' descriptions."""

from __future__ import annotations

from collections.abc import Mapping

from certhia.errors import RemoteError
from certhia.net import Response


class Canned:
    """A Transport with prepared answers: each URL's are given in turn, the last one again and again; 404 for others."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Response | Exception]] = {}
        self.asked: list[str] = []

    def put(self, url: str, *answers: bytes | Response | Exception) -> Canned:
        self.answers[url] = [Response(200, one) if isinstance(one, bytes) else one for one in answers]
        return self

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        self.asked.append(url)
        answers = self.answers.get(url, [Response(404, b"nothing here")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if len(answer.body) > cap:
            raise RemoteError("too large")
        return answer

    async def close(self) -> None:
        pass
