using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Tests.Import.Onnx;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests;

/// <summary>Tiny model files of other tools, all with one LSTM unit (gates i, f, g, o) and a linear head, and what they compute.</summary>
internal static class CliSources
{
    private static readonly double[] Inputs = [0.5, -0.75, 1, 0.25];
    private static readonly double[] Recurrent = [-0.5, 0.25, 0.75, 1];
    private static readonly double[] Biases = [0.125, 1, -0.25, 0.5];

    /// <summary>Keras' gates are i, f, c, o too; matrices are [inputs][gates].</summary>
    public const string RtNeural = """
        { "in_shape": [null, null, 1], "layers": [
          { "type": "lstm", "activation": "", "shape": [null, null, 1],
            "weights": [[[0.5, -0.75, 1, 0.25]], [[-0.5, 0.25, 0.75, 1]], [0.125, 1, -0.25, 0.5]] },
          { "type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[1.5]], [-0.5]] } ] }
        """;

    /// <summary>Rows over [x; h], the bias, first h and c, then the head.</summary>
    public const string Nam = """
        { "version": "0.5.0", "architecture": "LSTM", "config": { "num_layers": 1, "input_size": 1, "hidden_size": 1 }, "sample_rate": 48000,
          "weights": [0.5, -0.5, -0.75, 0.25, 1, 0.75, 0.25, 1, 0.125, 1, -0.25, 0.5, 0.25, -0.5, 1.5, -0.5] }
        """;

    public const string Topology = """
        { "style": "pytorch", "inputs": [{ "name": "x", "size": 1 }],
          "layers": [{ "type": "lstm", "prefix": "cell." }, { "type": "linear", "weight": "top.w", "bias": "top.b" }] }
        """;

    /// <summary>The outputs for a sequence of one number a step.</summary>
    public static float[] Expect(float[] x, double h = 0, double c = 0, bool hasHead = true)
    {
        var y = new float[x.Length];
        for (var t = 0; t < x.Length; t++)
        {
            var previous = h;
            double Gate(int gate) => (Inputs[gate] * x[t]) + (Recurrent[gate] * previous) + Biases[gate];
            c = (Sigmoid(Gate(1)) * c) + (Sigmoid(Gate(0)) * Math.Tanh(Gate(2)));
            h = Sigmoid(Gate(3)) * Math.Tanh(c);
            y[t] = (float)(hasHead ? (1.5 * h) - 0.5 : h);
        }

        return y;
    }

    /// <summary>A PyTorch state dict as safetensors: a plain LSTM, or with a head and names that only a topology explains.</summary>
    public static byte[] StateDict(bool hasHead)
    {
        var prefix = hasHead ? "cell." : "rnn.";
        var tensors = new List<(string Name, int[] Shape, double[] Values)>
        {
            (prefix + "weight_ih_l0", [4, 1], Inputs),
            (prefix + "weight_hh_l0", [4, 1], Recurrent),
            (prefix + "bias_ih_l0", [4], [.. Biases.Select(bias => bias - 1)]),
            (prefix + "bias_hh_l0", [4], [1, 1, 1, 1]),
        };
        if (hasHead)
        {
            tensors.AddRange([("top.w", [1, 1], [1.5]), ("top.b", [1], [-0.5])]);
        }

        var (header, data) = (new List<string>(), new List<byte>());
        foreach (var (name, shape, values) in tensors)
        {
            header.Add($"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{data.Count},{data.Count + (4 * values.Length)}]}}");
            data.AddRange(values.SelectMany(value => BitConverter.GetBytes((float)value)));
        }

        var json = Encoding.UTF8.GetBytes("{" + string.Join(',', header) + "}");
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    /// <summary>ONNX: x and h0 [batch, 2]; hn = tanh(x + h0), y = hn * [2, 3].</summary>
    public static byte[] OnnxRecurrence() => new ModelProto
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "recurrence",
            Input = { Pair("x"), Pair("h0") },
            Output = { Pair("y"), Pair("hn") },
            Initializer = { OnnxFiles.Floats("w", [2], 2, 3) },
            Node =
            {
                OnnxFiles.Node("Add", ["x", "h0"], ["sum"]),
                OnnxFiles.Node("Tanh", ["sum"], ["hn"]),
                OnnxFiles.Node("Mul", ["hn", "w"], ["y"]),
            },
        },
    }.ToByteArray();

    /// <summary>ONNX: tokens int64 [batch, time]; logits are rows of a table that make a, b, c, a follow each other; twice is int64 too.</summary>
    public static byte[] OnnxLanguageModel()
    {
        var tokens = OnnxFiles.Value("tokens", OnnxFiles.Parameter("batch"), OnnxFiles.Parameter("time"));
        tokens.Type.TensorType.ElemType = DataType.Int64;
        var twice = OnnxFiles.Value("twice");
        twice.Type.TensorType.ElemType = DataType.Int64;
        return new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new GraphProto
            {
                Name = "language",
                Input = { tokens },
                Output = { OnnxFiles.Value("logits"), twice },
                Initializer = { OnnxFiles.Floats("table", [3, 3], 0, 9, 0, 0, 0, 9, 9, 0, 0) },
                Node =
                {
                    OnnxFiles.Node("Gather", ["table", "tokens"], ["rows"]),
                    OnnxFiles.Node("Neg", ["rows"], ["negative"]),
                    OnnxFiles.Node("Neg", ["negative"], ["logits"]),
                    OnnxFiles.Node("Concat", ["tokens", "tokens"], ["twice"], OnnxFiles.Attribute("axis", 1)),
                },
            },
        }.ToByteArray();
    }

    /// <summary>What <see cref="OnnxRecurrence"/> gives for a sequence of pairs.</summary>
    public static (float[] Y, float[] H) ExpectRecurrence(float[] x, float[] h)
    {
        var y = new float[x.Length];
        h = [.. h];
        for (var i = 0; i < x.Length; i++)
        {
            h[i % 2] = MathF.Tanh(x[i] + h[i % 2]);
            y[i] = h[i % 2] * (i % 2 == 0 ? 2 : 3);
        }

        return (y, h);
    }

    public static void WriteNpz(string path, params (string Name, NpyArray Array)[] arrays)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, array) in arrays)
        {
            using var entry = archive.CreateEntry(name + ".npy").Open();
            entry.Write(NpyHeader.Format(array));
            entry.Write(array.Data);
        }
    }

    public static NpyArray Int64(int[] shape, params long[] values) => new(NpyType.Int64, shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    /// <summary>The number behind a word in a listing.</summary>
    public static double NumberAfter(string text, string words) => double.Parse(
        text[(text.IndexOf(words, StringComparison.Ordinal) + words.Length)..].Split('\n', ' ', ',')[0], CultureInfo.InvariantCulture);

    private static ValueInfoProto Pair(string name) => OnnxFiles.Value(name, OnnxFiles.Parameter("batch"), OnnxFiles.Extent(2));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
