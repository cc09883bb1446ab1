using Google.Protobuf;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Fuzz;

/// <summary>A tiny ONNX model for each family of operators.</summary>
internal static class OnnxCases
{
    private const int SmallFile = 4_000;

    public static FuzzCase[] All(string? models) =>
    [
        .. Made().Select((model, index) => new FuzzCase($"onnx {index}", model.Model().ToByteArray(), FuzzLimits.Options)),
        .. SharedFiles.Small(models, "onnx-node", "model.onnx", SmallFile),
        .. SharedFiles.Small(models, "onnx-rnn", "model.onnx", SmallFile),
    ];

    /// <summary>Models with quantised integers.</summary>
    public static IEnumerable<OnnxSketch> Quantized() =>
        [RoundTrips(17), RoundTrips(21), IntegerProducts(), DynamicLstm(DataType.Int8, 0), DynamicLstm(DataType.Uint8, 3)];

    private static IEnumerable<OnnxSketch> Made() =>
    [
        Unary("Relu Tanh Sigmoid Elu LeakyRelu HardSigmoid"), Unary("Exp Softplus Softsign Abs Sqrt Log Neg Reciprocal Round Floor Ceil"),
        .. Quantized(),
        Unary("Softmax LogSoftmax Identity Clip"), Unary("ReduceMean ReduceMax ReduceSum", 12),
        new OnnxSketch().Input("x", 2, 3).Input("z", 3).Floats("w", 2, 1).Node("Add", "x z", "a").Node("Mul", "a w", "b").Node("Sub", "b x", "c")
            .Node("Div", "c z", "d").Node("Pow", "d w", "e").Node("PRelu", "e z", "f").Node("Min", "f x z", "g").Node("Max", "g w", "y").Output("y"),
        new OnnxSketch().Input("x", 2, 3).Input("n", DataType.Int64, 2, 3).Floats("w", 3).Integers("k", 1, 2, 3).Node("Less", "x w", "a").Node("Equal", "n k", "b")
            .Node("And", "a b", "c").Node("Not", "c", "d").Node("Where", "d x w", "e").Node("Cast", "b", "f", ("to", 1)).Node("Add", "e f", "y").Output("y"),
        new OnnxSketch().Input("x", 2, 3).Input("z", 3, 2).Floats("w", 3, 4).Floats("b", 4).Node("MatMul", "x w", "a").Node("Gemm", "x w b", "g", ("alpha", 0.5f), ("beta", 2f))
            .Node("Add", "a g", "s").Node("MatMul", "x z", "p").Node("Gemm", "z x -", "q", ("transA", 1), ("transB", 1)).Output("s", "p", "q"),
        new OnnxSketch().Input("x", 1, 2, 9).Floats("w", 4, 2, 3).Floats("b", 4).Floats("d", 4, 1, 3).Floats("t", 4, 2, 2).Node("Conv", "x w b", "c", ("kernel_shape", new[] { 3 }), ("pads", new[] { 1, 1 }))
            .Node("Conv", "c d", "e", ("group", 4), ("dilations", new[] { 2 })).Node("ConvTranspose", "e t", "f", ("strides", new[] { 2 }))
            .Node("MaxPool", "f", "g", ("kernel_shape", new[] { 2 }), ("strides", new[] { 2 })).Node("GlobalMaxPool", "g", "h").Output("g", "h"),
        new OnnxSketch().Input("x", 1, 2, 4, 5).Floats("w", 3, 2, 2, 3).Floats("s", 3).Floats("v", 3).Node("Conv", "x w -", "c", ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 1 }))
            .Node("BatchNormalization", "c s s s v", "n", ("epsilon", 1.5f)).Node("Relu", "n", "r").Node("GlobalAveragePool", "r", "p").Output("p", "n"),
        new OnnxSketch().Input("x", 2, 4).Floats("s", 4).Node("LayerNormalization", "x s s", "n", ("axis", -1)).Integers("a", 1).Node("ReduceSum", "n a", "r", ("keepdims", 0)).Output("n", "r"),
        new OnnxSketch().Input("x", 2, 4).Floats("k", 2, 4).Floats("h", 2).Integers("a", 1).Integers("d", 4).Node("ArgMax", "k", "i", ("axis", 1)).Node("CumSum", "k a", "c")
            .Node("OneHot", "i d h", "o").Node("EyeLike", "k", "eye").Node("NonZero", "eye", "nz").Node("Trilu", "eye", "t").Node("Transpose", "c", "ct").Node("Mul", "x c", "y").Node("MatMul", "y ct", "p")
            .Node("Cast", "nz", "nzf", ("to", 1)).Node("MatMul", "nzf p", "q").Node("Add", "t y", "z").Output("q", "z"),
        new OnnxSketch().Input("x", 2, 3, 4).Integers("m", 4, -1).Integers("u", 0).Integers("b", 1, 0).Integers("e", 3, 4).Integers("a", 1, 2).Integers("st", 1, 2)
            .Node("Transpose", "x", "t", ("perm", new[] { 2, 0, 1 })).Node("Reshape", "t m", "r").Node("Slice", "x b e a st", "s").Node("Unsqueeze", "s u", "q")
            .Node("Squeeze", "q u", "p").Node("Concat", "p p s", "c", ("axis", 1)).Node("Flatten", "c", "f", ("axis", 1)).Node("Tanh", "r", "g").Output("f", "g"),
        new OnnxSketch().Input("x", 2, 4).Integers("h", 1, 3).Integers("sh", 2, 2, 4).Integers("pd", 0, 1, 0, 2).Integers("g", 3, 0).Node("Split", "x h", "l r", ("axis", 1)).Node("Expand", "x sh", "e")
            .Node("Pad", "x pd", "p", ("mode", "reflect")).Node("Gather", "x g", "i", ("axis", 1)).Node("Tile", "l h", "t").Node("ReduceMean", "e", "m", ("axes", new[] { 0 })).Output("r", "p", "i", "t", "m"),
        new OnnxSketch().Input("x", 2, 3).Input("i", DataType.Int64, 2).Floats("w", 5, 3).Integers("at", 1).Node("Gather", "w i", "e").Node("Add", "e x", "s")
            .Node("Unsqueeze", "at at", "ix").Floats("up", 1, 3).Node("ScatterND", "s ix up", "y").Output("y"),
        new OnnxSketch().Input("x", 1, 6).Integers("z", 0).Integers("two", 2).Integers("one", 1).Node("Shape", "x", "s").Node("Gather", "s z", "n").Node("Mul", "n two", "m").Node("Div", "s two", "h")
            .Node("Concat", "m h", "k", ("axis", 0)).Node("Size", "x", "size").Node("Constant", "", "c", ("value", OnnxSketch.Vector("", -1, 3))).Node("Reshape", "x c", "r")
            .Node("ConstantOfShape", "k", "o").Node("ReduceSum", "o", "of", ("keepdims", 0)).Node("Add", "r of", "y").Output("y"),
        Recurrent("LSTM", 4, ("clip", 3.5f)), Recurrent("GRU", 3, ("linear_before_reset", 1)), Recurrent("RNN", 1, ("activations", new[] { "Affine" }), ("activation_alpha", new[] { 0.5f }), ("activation_beta", new[] { 0.1f })),
        Bidirectional(), Stateful(), WrittenOut(), Branches(),
    ];

    private static OnnxSketch Unary(string operators, int opset = 17)
    {
        var sketch = new OnnxSketch(opset).Input("x", 2, 3);
        var value = "x";
        foreach (var type in operators.Split(' '))
        {
            sketch.Node(type, value, $"{type}.y");
            value = $"{type}.y";
        }

        return sketch.Output(value);
    }

    private static OnnxSketch RoundTrips(int opset) => new OnnxSketch(opset)
        .Input("x", 2, 3).Tensor("s", DataType.Float, [3], 0.1f, 0.02f, 0.5f).Tensor("z", DataType.Int8, [3], new sbyte[] { 0, 3, -5 }).Tensor("one", DataType.Float, [], 0.05f)
        .Tensor("w", DataType.Int8, [3, 2], new sbyte[] { 1, -2, 127, -128, 5, 0 }).Tensor("b", DataType.Int32, [2], 30, -7)
        .Node("QuantizeLinear", "x s z", "q", ("axis", 1)).Node("DequantizeLinear", "q s z", "r", ("axis", -1)).Node("QuantizeLinear", "r one", "p").Node("DequantizeLinear", "p one", "t")
        .Node("DequantizeLinear", "w one", "wf").Node("DequantizeLinear", "b one", "bf").Node("Gemm", "t wf bf", "y").Output("y");

    private static OnnxSketch IntegerProducts() => new OnnxSketch()
        .Input("x", 1, 2, 5).Tensor("w", DataType.Int8, [5, 2], new sbyte[] { 1, -2, 127, -128, 5, 0, 9, 8, 7, 6 }).Tensor("z", DataType.Int8, [2], new sbyte[] { 1, -1 })
        .Tensor("k", DataType.Uint8, [1, 2, 3], new byte[] { 1, 2, 255, 4, 0, 6 }).Tensor("kz", DataType.Uint8, [], new byte[] { 128 }).Node("DynamicQuantizeLinear", "x", "q s zero")
        .Node("MatMulInteger", "q w zero z", "sums").Node("Cast", "sums", "f", ("to", 1)).Node("Mul", "f s", "y")
        .Node("ConvInteger", "q k zero kz", "taps", ("pads", new[] { 1, 1 })).Node("DequantizeLinear", "taps s", "v").Output("y", "v");

    private static OnnxSketch DynamicLstm(DataType type, byte zeroPoint) => new OnnxSketch()
        .Input("x", 2, 1, 3).Tensor("w", type, [1, 3, 8], Enumerable.Range(0, 24).Select(i => (byte)(i * 5)).ToArray()).Tensor("r", type, [1, 2, 8], Enumerable.Range(0, 16).Select(i => (byte)(i * 9)).ToArray())
        .Floats("b", 1, 16).Tensor("ws", DataType.Float, [1], 0.01f).Tensor("rs", DataType.Float, [1, 8], Enumerable.Repeat(0.02f, 8).ToArray()).Tensor("wz", type, [1], zeroPoint)
        .Tensor("rz", type, [1, 8], new byte[8]).Node("com.microsoft.DynamicQuantizeLSTM", "x w r b - - - - ws wz rs rz", "y yh yc", ("hidden_size", 2)).Output("y", "yh", "yc");

    private static OnnxSketch Recurrent(string type, int gates, params (string Name, object Value)[] attributes) => new OnnxSketch()
        .Input("x", 3, 2, 2).Floats("w", 1, gates * 2, 2).Floats("r", 1, gates * 2, 2).Floats("b", 1, gates * 4).Integers("len", 3, 1).Node("Cast", "len", "lengths", ("to", 6))
        .Node(type, "x w r b lengths", "y yh", [("hidden_size", 2), .. attributes]).Output("y", "yh");

    private static OnnxSketch Bidirectional() => new OnnxSketch(14)
        .Input("x", 2, 3, 2).Input("n", DataType.Int32, 2).Floats("w", 2, 8, 2).Floats("r", 2, 8, 2).Floats("p", 2, 6).Floats("h", 2, 2, 2)
        .Node("LSTM", "x w r - n h h p", "y yh yc", ("hidden_size", 2), ("direction", "bidirectional"), ("layout", 1), ("input_forget", 1),
            ("activations", new[] { "Sigmoid", "Tanh", "Tanh", "HardSigmoid", "Softsign", "ScaledTanh" }), ("activation_alpha", new[] { 0.2f, 1f }), ("activation_beta", new[] { 0.5f, 0.75f }))
        .Output("y", "yh", "yc");

    private static OnnxSketch Stateful() => new OnnxSketch()
        .Input("x", 1, 1, 3).Input("h0", 1, 1, 2).Input("c0", 1, 1, 2).Input("cache", 1, 4).Floats("w", 1, 8, 3).Floats("r", 1, 8, 2).Integers("s", 1).Integers("e", 4).Integers("flat", 1, 1)
        .Node("LSTM", "x w r - - h0 c0", "y hn cn", ("hidden_size", 2)).Node("Slice", "cache s e s", "old").Node("ReduceMax", "hn", "m", ("keepdims", 0)).Node("Reshape", "m flat", "new")
        .Node("Concat", "old new", "cache_out", ("axis", 1)).Output("y", "hn", "cn", "cache_out");

    /// <summary>An LSTM cell of elementary operations.</summary>
    private static OnnxSketch WrittenOut() => new OnnxSketch(13)
        .Input("x", 1, 3).Input("h", 1, 2).Input("c", 1, 2).Floats("w", 3, 8).Floats("r", 2, 8).Floats("b", 8).Node("MatMul", "x w", "xw").Node("MatMul", "h r", "hr").Node("Add", "xw hr", "s")
        .Node("Add", "s b", "g").Node("Split", "g", "i f o n", ("axis", 1)).Node("Sigmoid", "i", "si").Node("Sigmoid", "f", "sf").Node("Sigmoid", "o", "so").Node("Tanh", "n", "tn")
        .Node("Mul", "sf c", "kept").Node("Mul", "si tn", "added").Node("Add", "kept added", "c_out").Node("Tanh", "c_out", "tc").Node("Mul", "so tc", "h_out").Output("h_out", "c_out");

    private static OnnxSketch Branches()
    {
        var inner = new OnnxSketch().Node("Tanh", "x", "deep").Output("deep").Graph();
        var other = new OnnxSketch().Node("Neg", "x", "flat").Output("flat").Graph();
        var then = new OnnxSketch().Node("If", "cond", "t", ("then_branch", inner), ("else_branch", other)).Output("t").Graph();
        var otherwise = new OnnxSketch().Floats("k", 2).Node("Add", "x k", "o").Output("o").Graph();
        return new OnnxSketch().Input("x", 1, 2).Integers("two", 2).Integers("z", 1).Node("Shape", "x", "s").Node("Gather", "s z", "n").Node("Equal", "n two", "cond")
            .Node("If", "cond", "y", ("then_branch", then), ("else_branch", otherwise)).Output("y");
    }
}
