using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// What a name of the ONNX graph stands for: a constant, or a value that a step computes. Booleans are computed as float32 0 and 1,
/// integers as int32.
/// </summary>
internal sealed class Operand
{
    private Operand(HostTensor? constant, Value? value, ElementType type)
    {
        Constant = constant;
        Value = value;
        Type = type;
    }

    public HostTensor? Constant { get; }

    public Value? Value { get; }

    /// <summary>The type that the ONNX graph sees.</summary>
    public ElementType Type { get; }

    public ImmutableArray<int> Shape => Constant?.Shape ?? Value!.Shape.Dimensions;

    [MemberNotNullWhen(true, nameof(Constant))]
    [MemberNotNullWhen(false, nameof(Value))]
    public bool IsConstant => Constant is not null;

    public static Operand Of(HostTensor constant) => new(constant, null, constant.Type);

    public static Operand Of(Value value, ElementType type) => new(null, value, type);

    public override string ToString() => IsConstant ? Constant.ToString() : $"{Type.ToString().ToLowerInvariant()} {Value.Shape}";
}
