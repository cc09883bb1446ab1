using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// What a name of the ONNX graph stands for: a constant, or a value that a step computes. Booleans are computed as float32 0 and 1,
/// integers of 8 and 16 bits and int32 sums of their products as float32 that are whole numbers, other integers as int32.
/// </summary>
internal sealed class Operand
{
    private Operand(HostTensor? constant, Value? value, ElementType type, bool isRounded = false)
    {
        Constant = constant;
        Value = value;
        Type = type;
        IsRounded = isRounded;
    }

    public HostTensor? Constant { get; }

    public Value? Value { get; }

    /// <summary>The type that the ONNX graph sees.</summary>
    public ElementType Type { get; }

    /// <summary>Whether an integer sum may be beyond 2^24: float32 then holds it as a cast to float32 rounds it.</summary>
    public bool IsRounded { get; }

    /// <summary>Whether integers are computed as float32.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool IsWholeFloat => Value?.Type == TensorType.Float32 && Type is not (ElementType.Float32 or ElementType.Bool);

    public TensorForm Form => new(Type, Shape);

    public ImmutableArray<int> Shape => Constant?.Shape ?? Value!.Shape.Dimensions;

    [MemberNotNullWhen(true, nameof(Constant))]
    [MemberNotNullWhen(false, nameof(Value))]
    public bool IsConstant => Constant is not null;

    public static Operand Of(HostTensor constant) => new(constant, null, constant.Type);

    public static Operand Of(Value value, ElementType type) => new(null, value, type);

    /// <summary>Sums of products of integers, int32 in the ONNX graph, computed as float32.</summary>
    public static Operand OfSum(Value value, bool isRounded) => new(null, value, ElementType.Int32, isRounded);

    public override string ToString() => IsConstant ? Constant.ToString() : $"{Type.ToString().ToLowerInvariant()} {Value.Shape}";
}
