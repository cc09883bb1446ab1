using RnnRuntime.Graph;

namespace RnnRuntime;

/// <content>Operations without weights.</content>
public sealed partial class RnnGraphBuilder
{
    /// <summary>A tensor that never changes.</summary>
    /// <param name="data">Row-major, finite; copied.</param>
    /// <param name="shape">Empty for a scalar.</param>
    /// <exception cref="ArgumentException">The length is not that of the shape, or a number is not finite.</exception>
    public TensorRef Constant(ReadOnlySpan<float> data, params ReadOnlySpan<int> shape)
    {
        CheckRank(shape, nameof(shape));
        var extents = new TensorShape(shape);
        CheckData(data, extents.ElementCount, $"{extents}", nameof(data));
        var name = NodeName(null, "constant");
        return Add(new ConstantNode(name, Float32($"{name}.output", extents), CopyConstant($"{name}.data", data, extents)));
    }

    /// <summary>Hyperbolic tangent of each element.</summary>
    /// <param name="input">float32 of any shape.</param>
    /// <exception cref="ArgumentException">Not float32, or of another builder.</exception>
    public TensorRef Tanh(TensorRef input) => Unary(UnaryOperator.Tanh, input);

    /// <summary><c>1 / (1 + exp(-x))</c> of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Sigmoid(TensorRef input) => Unary(UnaryOperator.Sigmoid, input);

    /// <summary><c>max(x, 0)</c> of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Relu(TensorRef input) => Unary(UnaryOperator.Relu, input);

    /// <summary>Exponential of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Exp(TensorRef input) => Unary(UnaryOperator.Exp, input);

    /// <summary><c>-x</c> of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Negate(TensorRef input) => Unary(UnaryOperator.Negate, input);

    /// <summary>Absolute value of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Abs(TensorRef input) => Unary(UnaryOperator.Abs, input);

    /// <summary>Square root of each element; NaN of a negative one.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Sqrt(TensorRef input) => Unary(UnaryOperator.Sqrt, input);

    /// <summary>Natural logarithm of each element; minus infinity of 0, NaN of a negative one.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Log(TensorRef input) => Unary(UnaryOperator.Log, input);

    /// <summary>The nearest integer to each element, of two the even one; infinities and NaN stay.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Round(TensorRef input) => Unary(UnaryOperator.Round, input);

    /// <summary><c>ln(1 + exp(x))</c> of each element.</summary>
    /// <inheritdoc cref="Tanh"/>
    public TensorRef Softplus(TensorRef input) => Unary(UnaryOperator.Softplus, input);

    /// <summary>x where it is at least 0, else <c>slope * x</c> (Maas et al. 2013).</summary>
    /// <param name="input">float32 of any shape.</param>
    /// <param name="slope">Finite.</param>
    /// <exception cref="ArgumentException">Not float32, not finite, or of another builder.</exception>
    public TensorRef LeakyRelu(TensorRef input, float slope) => Unary(UnaryOperator.LeakyRelu, input, slope);

    /// <summary>x where it is at least 0, else <c>alpha * (exp(x) - 1)</c> (Clevert et al. 2016).</summary>
    /// <param name="input">float32 of any shape.</param>
    /// <param name="alpha">Finite.</param>
    /// <exception cref="ArgumentException">Not float32, not finite, or of another builder.</exception>
    public TensorRef Elu(TensorRef input, float alpha = 1) => Unary(UnaryOperator.Elu, input, alpha);

    /// <summary>x where it is at least 0, else <c>slope * x</c> with slopes that are a tensor (He et al. 2015).</summary>
    /// <param name="input">float32 of any shape.</param>
    /// <param name="slopes">float32; the two shapes broadcast as in NumPy.</param>
    /// <exception cref="ArgumentException">Shapes or types are not as said here, or a tensor is of another builder.</exception>
    public TensorRef PRelu(TensorRef input, TensorRef slopes) => Binary(BinaryOperator.PRelu, input, slopes);

    /// <summary>Elementwise sum.</summary>
    /// <param name="left">float32 of any shape.</param>
    /// <param name="right">float32; the two shapes broadcast as in NumPy, and the result has the shape that they broadcast to.</param>
    /// <exception cref="ArgumentException">Shapes or types are not as said here, or a tensor is of another builder.</exception>
    public TensorRef Add(TensorRef left, TensorRef right) => Binary(BinaryOperator.Add, left, right);

    /// <summary>Elementwise difference, <c>left - right</c>.</summary>
    /// <inheritdoc cref="Add(TensorRef, TensorRef)"/>
    public TensorRef Subtract(TensorRef left, TensorRef right) => Binary(BinaryOperator.Subtract, left, right);

    /// <summary>Elementwise product.</summary>
    /// <inheritdoc cref="Add(TensorRef, TensorRef)"/>
    public TensorRef Multiply(TensorRef left, TensorRef right) => Binary(BinaryOperator.Multiply, left, right);

    /// <summary>Elementwise quotient, <c>left / right</c>.</summary>
    /// <inheritdoc cref="Add(TensorRef, TensorRef)"/>
    public TensorRef Divide(TensorRef left, TensorRef right) => Binary(BinaryOperator.Divide, left, right);

    /// <summary>The smaller of two elements.</summary>
    /// <inheritdoc cref="Add(TensorRef, TensorRef)"/>
    public TensorRef Minimum(TensorRef left, TensorRef right) => Binary(BinaryOperator.Minimum, left, right);

    /// <summary>The larger of two elements.</summary>
    /// <inheritdoc cref="Add(TensorRef, TensorRef)"/>
    public TensorRef Maximum(TensorRef left, TensorRef right) => Binary(BinaryOperator.Maximum, left, right);

    /// <summary>Softmax over the last axis.</summary>
    /// <param name="input">float32 [..., C].</param>
    /// <exception cref="ArgumentException">Not float32, a scalar, or of another builder.</exception>
    public TensorRef Softmax(TensorRef input) => Softmax(input, logarithm: false);

    /// <summary>Logarithm of the softmax over the last axis.</summary>
    /// <inheritdoc cref="Softmax(TensorRef)"/>
    public TensorRef LogSoftmax(TensorRef input) => Softmax(input, logarithm: true);

    /// <summary><c>alpha * x + beta</c> held within 0 and 1; frameworks differ in alpha and beta.</summary>
    internal TensorRef HardSigmoid(TensorRef input, float alpha, float beta) => Unary(UnaryOperator.HardSigmoid, input, alpha, beta);

    /// <summary><c>x / (1 + |x|)</c>.</summary>
    internal TensorRef Softsign(TensorRef input) => Unary(UnaryOperator.Softsign, input);

    private TensorRef Unary(UnaryOperator function, TensorRef input, float alpha = 0, float beta = 0)
    {
        var x = Own(input, nameof(input));
        var name = NodeName(null, Names.Of(function));
        return Add(new UnaryNode(name, function, x, Float32($"{name}.output", x.Shape), alpha, beta));
    }

    private TensorRef Binary(BinaryOperator function, TensorRef left, TensorRef right)
    {
        var a = Own(left, nameof(left));
        var b = Own(right, nameof(right));
        TensorShape shape;
        try
        {
            shape = ShapeRules.Broadcast(Names.Of(function), "inputs.right", a.Shape, b.Shape);
        }
        catch (RnnFormatException exception)
        {
            throw new ArgumentException(exception.Message, exception);
        }

        var name = NodeName(null, Names.Of(function));
        return Add(new BinaryNode(name, function, a, b, Float32($"{name}.output", shape)));
    }

    private TensorRef Softmax(TensorRef input, bool logarithm)
    {
        var x = Own(input, nameof(input));
        var name = NodeName(null, logarithm ? "log_softmax" : "softmax");
        return Add(new SoftmaxNode(name, x, Float32($"{name}.output", x.Shape), logarithm));
    }
}
