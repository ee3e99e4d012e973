"""The messages of gRPC's interop tests, made from descriptors: nothing is generated."""

import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

METHODS = {
    "EmptyCall": ("Empty", "Empty", False, False),
    "UnaryCall": ("SimpleRequest", "SimpleResponse", False, False),
    "StreamingOutputCall": ("StreamingOutputCallRequest", "StreamingOutputCallResponse", False, True),
    "StreamingInputCall": ("StreamingInputCallRequest", "StreamingInputCallResponse", True, False),
    "FullDuplexCall": ("StreamingOutputCallRequest", "StreamingOutputCallResponse", True, True),
}


class Messages:
    """Classes by their names."""

    def __init__(self, path):
        """path: of an encoded FileDescriptorProto."""
        with open(path, "rb") as file:
            proto = descriptor_pb2.FileDescriptorProto.FromString(file.read())
        proto.name = proto.name or "testing.proto"
        pool = descriptor_pool.DescriptorPool()
        pool.Add(proto)
        factory = message_factory.MessageFactory(pool)
        for message in proto.message_type:
            found = pool.FindMessageTypeByName("grpc.testing." + message.name)
            setattr(self, message.name, factory.GetPrototype(found))

    def payload(self, size):
        return self.Payload(body=bytes(size))


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def read(folder, name):
    with open(folder + "/" + name, "rb") as file:
        return file.read()
