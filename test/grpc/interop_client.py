"""
The client side of gRPC's interop tests. Arguments: port, descriptors, a folder with ca.pem, cert.pem and key.pem, and the cases to run.
Says of each `passed NAME`, or `FAILED NAME`, and why. The server's name is checked as Python can: by its DNS name, interop.mesh.
"""

import queue
import sys
import threading
import traceback

import grpc

from interop_messages import METHODS, Messages, read, say

port, descriptors, folder = sys.argv[1:4]
messages = Messages(descriptors)
METADATA = (
    ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
    ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"),
)
# Set when streams that wait may end.
release = threading.Event()
SIZES = ((27182, 31415), (8, 9), (1828, 2653), (45904, 58979))


def large():
    return messages.SimpleRequest(response_size=314159, payload=messages.payload(271828))


def output(response_sizes, request_size=0):
    return messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=size) for size in response_sizes],
        payload=messages.payload(request_size),
    )


class Stub:
    def __init__(self, channel):
        for name, (_, response, sends_many, gets_many) in METHODS.items():
            kinds = {
                (False, False): channel.unary_unary,
                (False, True): channel.unary_stream,
                (True, False): channel.stream_unary,
                (True, True): channel.stream_stream,
            }
            call = kinds[sends_many, gets_many](
                "/grpc.testing.TestService/" + name,
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=getattr(messages, response).FromString,
            )
            setattr(self, name, call)
        self.unimplemented = [
            channel.unary_unary("/grpc.testing." + path)
            for path in ("TestService/UnimplementedCall", "UnimplementedService/UnimplementedCall")
        ]


def equal(got, wanted):
    if got != wanted:
        raise AssertionError("%r instead of %r" % (got, wanted))


def code_of(work):
    try:
        work()
    except grpc.RpcError as error:
        return error.code().name, error.details()
    return "OK", ""


def empty_unary(stub):
    equal(stub.EmptyCall(messages.Empty()), messages.Empty())


def large_unary(stub):
    equal(stub.UnaryCall(large()).payload.body, bytes(314159))


def client_compressed_unary(stub):
    equal(stub.UnaryCall(large(), compression=grpc.Compression.Gzip).payload.body, bytes(314159))


def client_streaming(stub):
    requests = [messages.StreamingInputCallRequest(payload=messages.payload(size)) for size, _ in SIZES]
    equal(stub.StreamingInputCall(iter(requests)).aggregated_payload_size, 74922)


def server_streaming(stub):
    responses = stub.StreamingOutputCall(output([size for _, size in SIZES]))
    equal([len(response.payload.body) for response in responses], [size for _, size in SIZES])


def ping_pong(stub):
    requests = queue.Queue()
    call = stub.FullDuplexCall(iter(requests.get, None))
    for request_size, response_size in SIZES:
        requests.put(output([response_size], request_size))
        equal(len(next(call).payload.body), response_size)
    requests.put(None)
    equal(list(call), [])


def empty_stream(stub):
    equal(list(stub.FullDuplexCall(iter(()))), [])


def custom_metadata(stub):
    response, call = stub.UnaryCall.with_call(large(), metadata=METADATA)
    equal(len(response.payload.body), 314159)
    stream = stub.FullDuplexCall(iter([output([314159], 271828)]), metadata=METADATA)
    equal([len(response.payload.body) for response in stream], [314159])
    for one in (call, stream):
        equal(dict(one.initial_metadata())[METADATA[0][0]], METADATA[0][1])
        equal(dict(one.trailing_metadata())[METADATA[1][0]], METADATA[1][1])


def status_code_and_message(stub):
    for text in ("test status message", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"):
        status = messages.EchoStatus(code=2, message=text)
        unary = messages.SimpleRequest(response_status=status)
        duplex = messages.StreamingOutputCallRequest(response_status=status)
        equal(code_of(lambda: stub.UnaryCall(unary)), ("UNKNOWN", text))
        equal(code_of(lambda: list(stub.FullDuplexCall(iter([duplex])))), ("UNKNOWN", text))


def unimplemented(stub):
    for call in stub.unimplemented:
        equal(code_of(lambda: call(b""))[0], "UNIMPLEMENTED")


def waiting(*first):
    yield from first
    release.wait(20)


def cancel_after_begin(stub):
    call = stub.StreamingInputCall.future(waiting())
    call.cancel()
    equal(call.code(), grpc.StatusCode.CANCELLED)


def cancel_after_first_response(stub):
    call = stub.FullDuplexCall(waiting(output([31415], 27182)))
    equal(len(next(call).payload.body), 31415)
    call.cancel()
    equal(code_of(lambda: next(call))[0], "CANCELLED")


def timeout_on_sleeping_server(stub):
    for timeout in (0.001, 0.05):
        call = stub.FullDuplexCall(waiting(output([], 27182)), timeout=timeout)
        equal(code_of(lambda: list(call))[0], "DEADLINE_EXCEEDED")


def rpc_soak(stub):
    calls = [stub.UnaryCall.future(large()) for _ in range(50)]
    for call in calls:
        equal(len(call.result().payload.body), 314159)


def denied(stub):
    equal(code_of(lambda: stub.EmptyCall(messages.Empty()))[0], "PERMISSION_DENIED")
    equal(code_of(lambda: list(stub.FullDuplexCall(iter([output([1])]))))[0], "PERMISSION_DENIED")


def refused(stub):
    equal(code_of(lambda: stub.EmptyCall(messages.Empty()))[0], "UNAVAILABLE")


def main():
    credentials = grpc.ssl_channel_credentials(
        read(folder, "ca.pem"), read(folder, "key.pem"), read(folder, "cert.pem")
    )
    options = (("grpc.ssl_target_name_override", "interop.mesh"),)
    with grpc.secure_channel("127.0.0.1:" + port, credentials, options) as channel:
        stub = Stub(channel)
        for name in sys.argv[4:]:
            try:
                globals()[name](stub)
                say("passed " + name)
            except Exception:  # whatever it is, the next one is to run
                say("FAILED %s %s" % (name, traceback.format_exc().replace("\n", " | ")))
    release.set()


main()
