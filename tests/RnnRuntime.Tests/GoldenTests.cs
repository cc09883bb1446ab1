using System.Runtime.InteropServices;
using RnnRuntime.Formats;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>
/// The files in tests/golden hold small models with the outputs that PyTorch computes from their weights in float64;
/// src/training/make_golden.py makes them.
/// </summary>
public sealed class GoldenTests
{
    // Absolute up to 1, relative above.
    private const float Tolerance = 2e-6f;

    private static readonly string[] s_groups =
    [
        "lstm-", "gru-reset-after-", "gru-reset-before-", "rnn-tanh-", "rnn-relu-", "rnn-identity-", "linear-", "embedding-", "conv-",
        "delay-", "softmax-", "log-softmax-", "unary-", "binary-", "feedback", "network-",
    ];

    private static readonly string[] s_files =
        [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "golden"), "*.rnn").Order(StringComparer.Ordinal)];

    public enum Calls
    {
        AllStepsAtOnce,
        OneByOne,
        UnevenChunks,
    }

    public static MatrixTheoryData<string, string, Calls> Cases =>
        new(s_groups, RnnKernels.All.Select(kernel => kernel.Name), Enum.GetValues<Calls>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputsAreThoseOfPyTorch(string group, string kernel, Calls calls)
    {
        var info = RnnKernels.All.Single(each => each.Name == kernel);
        Assert.SkipUnless(info.IsAvailable, $"kernel {kernel} cannot run here: {info.UnavailableReason}");

        var files = s_files.Where(file => IsIn(group, file)).ToArray();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            using var model = RnnModel.Load(file, new RnnOptions { Kernel = kernel });
            Assert.NotNull(model.Golden);
            Assert.Equal(model.Outputs.Select(output => output.Name).Order(), model.Golden.Outputs.Keys.Order());
            var actual = Run(model, model.Golden, calls);
            foreach (var (name, expected) in model.Golden.Outputs)
            {
                Compare($"{Path.GetFileName(file)}, output '{name}'", MemoryMarshal.Cast<byte, float>(expected.Data.Span), actual[name]);
            }
        }
    }

    [Fact]
    public void EveryFileIsInOneGroup() => Assert.All(s_files, file => Assert.Single(s_groups, group => IsIn(group, file)));

    [Fact]
    public void EveryOperatorHasAFile()
    {
        string[] expected =
        [
            "lstm", "gru", "rnn", "linear", "embedding", "causal_conv1d", "delay", "softmax", "log_softmax", "constant",
            .. OperatorNames<UnaryOperator>.All, .. OperatorNames<BinaryOperator>.All,
        ];
        var found = s_files.SelectMany(file => RnnFileReader.Read(File.ReadAllBytes(file)).Graph.Nodes).Select(node => node.Operator);
        Assert.Empty(expected.Except(found));
    }

    private static bool IsIn(string group, string file) => Path.GetFileName(file).StartsWith(group, StringComparison.Ordinal);

    /// <summary>The outputs for the golden inputs, [T][shape] by name.</summary>
    private static Dictionary<string, float[]> Run(RnnModel model, GoldenVectors golden, Calls calls)
    {
        var timeSteps = golden.TimeSteps;
        int[] lengths = calls switch
        {
            Calls.AllStepsAtOnce => [timeSteps],
            Calls.OneByOne => [1],
            _ => [3, 1, 5, 2],
        };
        using var session = model.CreateSession(1, lengths.Max());
        var outputs = model.Outputs.ToDictionary(output => output.Name, output => new float[timeSteps * output.Shape.ElementCount]);
        for (int call = 0, done = 0; done < timeSteps; call++)
        {
            var steps = Math.Min(lengths[call % lengths.Length], timeSteps - done);
            foreach (var input in model.Inputs)
            {
                var (start, length) = (done * input.Shape.ElementCount, steps * input.Shape.ElementCount);
                var data = golden.Inputs[input.Name].Data.Span;
                if (input.Type == TensorType.Int32)
                {
                    session.SetInput(input.Name, MemoryMarshal.Cast<byte, int>(data).Slice(start, length));
                }
                else
                {
                    session.SetInput(input.Name, MemoryMarshal.Cast<byte, float>(data).Slice(start, length));
                }
            }

            session.Run(steps);
            foreach (var output in model.Outputs)
            {
                session.GetOutput(output.Name, outputs[output.Name].AsSpan(done * output.Shape.ElementCount, steps * output.Shape.ElementCount));
            }

            done += steps;
        }

        return outputs;
    }

    private static void Compare(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var allowed = Tolerance * Math.Max(1f, Math.Abs(expected[i]));
            if (!(Math.Abs(actual[i] - expected[i]) <= allowed))
            {
                Assert.Fail($"{what}, element {i} of {expected.Length}: expected {expected[i]:R} within {allowed:R}, found {actual[i]:R}.");
            }
        }
    }
}
