namespace RnnRuntime.Bench.Peers;

/// <summary>Messages of onnx.proto, whose field numbers these are.</summary>
internal static class OnnxMessages
{
    internal const int FloatType = 1;
    internal const int Int8Type = 3;
    internal const int Int64Type = 7;

    private const int IntAttribute = 2;
    private const int IntsAttribute = 7;

    internal static ProtobufWriter Tensor<T>(string name, int type, ReadOnlySpan<T> values, params ReadOnlySpan<int> dimensions)
        where T : unmanaged
    {
        var tensor = new ProtobufWriter();
        foreach (int dimension in dimensions)
        {
            tensor.Varint(1, dimension);
        }

        return tensor.Varint(2, type).Text(8, name).Values(9, values);
    }

    internal static ProtobufWriter ValueInfo(string name, params ReadOnlySpan<int> dimensions)
    {
        var shape = new ProtobufWriter();
        foreach (int dimension in dimensions)
        {
            shape.Message(1, new ProtobufWriter().Varint(1, dimension));
        }

        return new ProtobufWriter().Text(1, name).Message(2, new ProtobufWriter().Message(1, new ProtobufWriter().Varint(1, FloatType).Message(2, shape)));
    }

    internal static ProtobufWriter Attribute(string name, long value) =>
        new ProtobufWriter().Text(1, name).Varint(3, value).Varint(20, IntAttribute);

    internal static ProtobufWriter Attribute(string name, ReadOnlySpan<int> values)
    {
        ProtobufWriter attribute = new ProtobufWriter().Text(1, name);
        foreach (int value in values)
        {
            attribute.Varint(8, value);
        }

        return attribute.Varint(20, IntsAttribute);
    }
}
