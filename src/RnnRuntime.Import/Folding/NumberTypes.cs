using System.Numerics;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Import.Folding;

/// <summary>A computation that is written once for all element types.</summary>
internal interface INumberFunction
{
    HostTensor Invoke<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>;
}

internal static class NumberTypes
{
    /// <summary>Element types that arithmetic is done in; 16-bit floats are widened first, see <see cref="HalfPrecision"/>.</summary>
    public static HostTensor Dispatch<TFunction>(NodeArguments node, ElementType type, TFunction function)
        where TFunction : struct, INumberFunction => type switch
        {
            ElementType.Float32 => function.Invoke<float>(),
            ElementType.Float64 => function.Invoke<double>(),
            ElementType.Int8 => function.Invoke<sbyte>(),
            ElementType.Int16 => function.Invoke<short>(),
            ElementType.Int32 => function.Invoke<int>(),
            ElementType.Int64 => function.Invoke<long>(),
            ElementType.UInt8 => function.Invoke<byte>(),
            ElementType.UInt16 => function.Invoke<ushort>(),
            ElementType.UInt32 => function.Invoke<uint>(),
            ElementType.UInt64 => function.Invoke<ulong>(),
            _ => throw node.Error($"elements of type {Name(type)}", "numbers"),
        };

    public static HostTensor DispatchFloat<TFunction>(NodeArguments node, ElementType type, TFunction function)
        where TFunction : struct, INumberFunction => type switch
        {
            ElementType.Float32 => function.Invoke<float>(),
            ElementType.Float64 => function.Invoke<double>(),
            _ => throw node.Error($"elements of type {Name(type)}", "floating-point numbers"),
        };

    public static bool IsFloat(ElementType type) =>
        type is ElementType.Float32 or ElementType.Float64 or ElementType.Float16 or ElementType.BFloat16;

    public static string Name(ElementType type) => type.ToString().ToLowerInvariant();

    /// <summary>The element type that an attribute numbers as the schema does.</summary>
    public static ElementType FromCode(string location, long code) =>
        OnnxReaderTypes.Element(code is > 0 and <= int.MaxValue ? (DataType)code : DataType.Undefined, location);

    public static void CheckSame(NodeArguments node, HostTensor a, HostTensor b)
    {
        if (a.Type != b.Type)
        {
            throw node.Error($"inputs {a} and {b}", "inputs of one element type");
        }
    }
}
