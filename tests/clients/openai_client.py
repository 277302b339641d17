"""The OpenAI SDK against a simulated gateway: completions survive every fault, and when all regions fail the SDK raises its own errors.

Run by tests/openai_client.rs: arguments are the gateway's URL, the subscription key, the program, and the control URL.
"""

import subprocess
import sys

import openai

gateway, key, program, control = sys.argv[1:5]
# One attempt of the client's own, so that what is seen is the gateway's work.
client = openai.AzureOpenAI(azure_endpoint=gateway, api_key=key, api_version="2024-10-21", max_retries=0, timeout=20)
hello = [{"role": "user", "content": "Hello"}]


def fault(*arguments):
    subprocess.run([program, "fault", "--control", control, *arguments], check=True, capture_output=True)


def complete():
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=hello)
    answer = raw.parse()
    assert answer.choices[0].message.content and answer.usage.total_tokens > 0, answer
    return raw.headers["x-served-by"], raw.headers["x-failover-attempts"]


def stream():
    with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=hello, stream=True) as raw:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices)
        assert text.startswith("Hello"), text
        return raw.headers["x-served-by"], raw.headers["x-failover-attempts"]


assert complete() == ("swc", "1")
assert stream() == ("swc", "1")
assert len(client.embeddings.create(model="text-embedding-3-large", input="hello").data[0].embedding) == 3072
for word in ["429", "500", "503", "connection-refused", "dns-failure", "hang", "reset"]:
    fault("swc", word)
    assert complete() == ("frc", "2"), word
    assert stream() == ("frc", "2"), word
    fault("swc", "clear")
    assert complete() == ("swc", "1"), word
    print(f"survived {word}")

fault("swc", "connection-refused")
fault("frc", "500")
try:
    complete()
    raise SystemExit("no error although every region fails")
except openai.InternalServerError as error:
    assert error.status_code == 500 and error.response.headers["x-served-by"] == "frc"
    print("InternalServerError 500")

fault("frc", "dns-failure")
try:
    complete()
    raise SystemExit("no error although no region answers")
except openai.InternalServerError as error:
    assert error.status_code == 503 and error.code == "ServiceUnavailable", error
    print("InternalServerError 503")

fault("swc", "clear")
fault("frc", "clear")
try:
    client.chat.completions.create(model="no-such-model", messages=hello)
    raise SystemExit("no error although nobody holds the model")
except openai.NotFoundError as error:
    assert error.code == "DeploymentNotFound", error
    print("NotFoundError DeploymentNotFound")

# Last, because the gateway remembers it.
fault("swc", "429", "--retry-after", "30s")
fault("frc", "429", "--retry-after", "7s")
try:
    complete()
    raise SystemExit("no error although every region is throttled")
except openai.RateLimitError as error:
    assert error.response.headers["retry-after"] == "7", error.response.headers
    assert error.response.headers["x-served-by"] == "frc" and error.response.headers["x-failover-attempts"] == "2"
    print("RateLimitError with retry-after 7")
