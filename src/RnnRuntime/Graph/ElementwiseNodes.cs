using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>Functions of one argument x; some have parameters alpha and beta. Formulas as in the ONNX operators of the same names.</summary>
internal enum UnaryOperator
{
    Identity,
    Tanh,
    Sigmoid,
    Relu,
    Exp,
    Negate,
    Abs,
    Sqrt,
    Reciprocal,
    Log,

    /// <summary>x where x >= 0, else alpha * x.</summary>
    LeakyRelu,

    /// <summary>x where x >= 0, else alpha * (e^x - 1).</summary>
    Elu,

    /// <summary>max(0, min(1, alpha * x + beta)).</summary>
    HardSigmoid,

    /// <summary>x where x > alpha, else 0.</summary>
    ThresholdedRelu,

    /// <summary>alpha * tanh(beta * x).</summary>
    ScaledTanh,

    /// <summary>alpha * x + beta.</summary>
    Affine,

    /// <summary>ln(1 + e^x).</summary>
    Softplus,

    /// <summary>x / (1 + |x|).</summary>
    Softsign,

    /// <summary>1 where x is 0, else 0.</summary>
    Not,

    /// <summary>The nearest integer, of two the even one; the sign stays, of zeros too.</summary>
    Round,
}

/// <summary>Applies a function to each element.</summary>
internal sealed record UnaryNode(string Name, UnaryOperator Function, Value Input, Value Output, float Alpha = 0, float Beta = 0) : Node(Name)
{
    public override string Operator => Names.Of(Function);

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>Functions of two arguments. Comparisons give 1 or 0, also of int32.</summary>
internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Minimum,
    Maximum,
    Power,

    /// <summary>left where left >= 0, else right * left.</summary>
    PRelu,
    Equal,
    Less,
    Greater,
}

/// <summary>Combines two tensors elementwise; shapes broadcast as in NumPy. The output has the broadcast shape.</summary>
internal sealed record BinaryNode(string Name, BinaryOperator Function, Value Left, Value Right, Value Output) : Node(Name)
{
    public override string Operator => Names.Of(Function);

    public override ImmutableArray<Value> Inputs => [Left, Right];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>WhenTrue where Condition is not 0, else WhenFalse; shapes broadcast as in NumPy.</summary>
internal sealed record SelectNode(string Name, Value Condition, Value WhenTrue, Value WhenFalse, Value Output) : Node(Name)
{
    public override string Operator => "select";

    public override ImmutableArray<Value> Inputs => [Condition, WhenTrue, WhenFalse];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>Between float32 and int32: to the nearest float, or towards zero (saturated; NaN gives 0).</summary>
internal sealed record CastNode(string Name, Value Input, Value Output) : Node(Name)
{
    public override string Operator => "cast";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>
/// One operation of a <see cref="FusedNode"/>: exactly one of the functions, or neither for a select. Operands are inputs (0 to inputs - 1)
/// or results of earlier operations (inputs + their index); unused ones are -1.
/// </summary>
internal readonly record struct FusedOperation(
    UnaryOperator? Unary, BinaryOperator? Binary, int First, int Second, int Third, float Alpha = 0, float Beta = 0)
{
    public int OperandCount => Unary is not null ? 1 : Binary is not null ? 2 : 3;
}

/// <summary>
/// A chain of elementwise operations run as one, on inputs that each broadcast to the output's shape. The last operation's result is the
/// output. The result has the same bits as the operations one by one.
/// </summary>
internal sealed record FusedNode(string Name, ImmutableArray<Value> Operands, Value Output, ImmutableArray<FusedOperation> Operations) : Node(Name)
{
    public override string Operator => "fused";

    public override ImmutableArray<Value> Inputs => Operands;

    public override ImmutableArray<Value> Outputs => [Output];
}
