"""The server side of gRPC's interop tests. Arguments: descriptors, and a folder with ca.pem, cert.pem and key.pem. Says its port."""

import signal
import sys
import time
from concurrent import futures

import grpc

from interop_messages import METHODS, Messages, read, say

descriptors, folder = sys.argv[1:3]
messages = Messages(descriptors)


def echo(context):
    for key, value in context.invocation_metadata():
        if key == "x-grpc-test-echo-initial":
            context.send_initial_metadata(((key, value),))
        elif key == "x-grpc-test-echo-trailing-bin":
            context.set_trailing_metadata(((key, value),))


def empty_call(_request, _context):
    return messages.Empty()


def unary_call(request, context):
    if request.response_compressed.value:
        context.set_compression(grpc.Compression.Gzip)
    echo(context)
    if request.HasField("response_status"):
        context.set_code(code_of(request.response_status.code))
        context.set_details(request.response_status.message)
        return messages.SimpleResponse()
    response = messages.SimpleResponse(payload=messages.payload(request.response_size))
    if request.fill_username:
        response.username = dict(context.invocation_metadata())["authorization"].replace("Bearer ", "")
    if request.fill_server_id:
        identities = context.peer_identities() or []
        response.server_id = b" ".join(identities).decode()
    return response


def outputs(request, context):
    for parameters in request.response_parameters:
        time.sleep(parameters.interval_us / 1e6)
        if parameters.HasField("compressed") and not parameters.compressed.value:
            context.disable_next_message_compression()
        yield messages.StreamingOutputCallResponse(payload=messages.payload(parameters.size))


def streaming_output_call(request, context):
    if any(parameters.compressed.value for parameters in request.response_parameters):
        context.set_compression(grpc.Compression.Gzip)
    echo(context)
    yield from outputs(request, context)


def streaming_input_call(requests, _context):
    size = sum(len(request.payload.body) for request in requests)
    return messages.StreamingInputCallResponse(aggregated_payload_size=size)


def full_duplex_call(requests, context):
    echo(context)
    for request in requests:
        if request.HasField("response_status"):
            context.set_code(code_of(request.response_status.code))
            context.set_details(request.response_status.message)
            return
        yield from outputs(request, context)


def code_of(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


BEHAVIOURS = {
    "EmptyCall": empty_call,
    "UnaryCall": unary_call,
    "StreamingOutputCall": streaming_output_call,
    "StreamingInputCall": streaming_input_call,
    "FullDuplexCall": full_duplex_call,
}


def handler(name):
    request, response, sends_many, gets_many = METHODS[name]
    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    return kinds[sends_many, gets_many](
        BEHAVIOURS[name],
        request_deserializer=getattr(messages, request).FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


# Streams that wait hold a thread each.
server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
handlers = {name: handler(name) for name in METHODS}
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.testing.TestService", handlers),))
credentials = grpc.ssl_server_credentials(
    [(read(folder, "key.pem"), read(folder, "cert.pem"))],
    root_certificates=read(folder, "ca.pem"),
    require_client_auth=True,
)
port = server.add_secure_port("127.0.0.1:0", credentials)
server.start()
signal.signal(signal.SIGTERM, lambda *_: server.stop(None))
say(str(port))
server.wait_for_termination()
