using System.Text;
using RnnRuntime.Import;
using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Mutated JSON ends in a graph that runs or in an <see cref="RnnImportException"/>, whatever it says.</summary>
public sealed class LayerMutationTests
{
    private const int Mutations = 1500;

    private const string RtNeural = """
        {"in_shape":[null,null,1],"layers":[{"type":"dense","activation":"tanh","shape":[null,2],"weights":[[[1,2]],[0.5,0.25]]},
        {"type":"conv1d","activation":"elu","shape":[2],"kernel_size":[2],"dilation":[1],"groups":1,"weights":[[[[1,2],[3,4]],[[5,6],[7,8]]]]},
        {"type":"gru","shape":[null,1],"weights":[[[1,2,3],[4,5,6]],[[1,2,3]],[[0,0,1],[1,0,0]]]},{"type":"batchnorm","epsilon":0.01,"shape":[1],"weights":[[1],[2]]}],"samplerate":48000}
        """;

    private const string Nam = """
        {"version":"0.5.4","architecture":"LSTM","config":{"input_size":1,"hidden_size":1,"num_layers":1},"weights":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"sample_rate":48000}
        """;

    private const string Topology = """
        {"style":"keras","inputs":[{"name":"x","size":2}],"layers":[{"type":"lstm","prefix":"l/"},{"type":"linear","weight":"w","bias":"b"},
        {"type":"add","inputs":["x","linear1"]},{"type":"activation","function":"softmax"}],"outputs":[{"name":"z","from":"add1"}],"ignore":["q*"],"metadata":{"a":"b"}}
        """;

    private const string Signal = """
        {"style":"pytorch","time_steps":6,"inputs":[{"name":"x","size":2}],"layers":[{"type":"reflect_pad","before":1,"after":2},{"type":"conv1d","weight":"c","padding":[1,0],"stride":2},
        {"type":"magnitude"},{"type":"lstm","prefix":"r.","direction":"bidirectional","state":"zeros"},{"type":"layernorm","epsilon":0.01},{"type":"clip","min":-1,"max":0.5},{"type":"pool_time","function":"max"}]}
        """;

    private static readonly string[] Tokens =
        ["0", "1", "2", "-1", "1e9", "2147483647", "1e400", "null", "[]", "{}", "\"x\"", "\"\"", "[", "]", "{", "}", ",", ":", "\"", "\\ud800", "\uFFFD", "true", "lstm", "gru", "keras", "9"];

    [Fact]
    public void RtNeuralFiles() => Mutate(RtNeural, json => LayerFiles.ReadJson(json, LayerRuns.Options), seed: 1);

    [Fact]
    public void NamFiles() => Mutate(Nam, json => LayerFiles.ReadJson(json, LayerRuns.Options), seed: 2);

    [Fact]
    public void Topologies()
    {
        var file = LayerRuns.Named(
            ("l/kernel", HostTensor.Floats([2, 12], new float[24])), ("l/recurrent_kernel", HostTensor.Floats([3, 12], new float[36])), ("l/bias", HostTensor.Floats([12], new float[12])),
            ("w", HostTensor.Floats([3, 2], new float[6])), ("b", HostTensor.Floats([2], new float[2])), ("q1", HostTensor.Scalar(1)));
        Mutate(Topology, json => TopologyReader.Read(file, Encoding.UTF8.GetString(json.Span), LayerRuns.Limits), seed: 3);
    }

    [Fact]
    public void TopologiesOfSignals()
    {
        var file = LayerRuns.Named([
            ("c", HostTensor.Floats([4, 2, 3], new float[24])),
            .. new[] { "", "_reverse" }.SelectMany(suffix => new[]
            {
                ($"r.weight_ih_l0{suffix}", HostTensor.Floats([8, 2], new float[16])), ($"r.weight_hh_l0{suffix}", HostTensor.Floats([8, 2], new float[16])),
                ($"r.bias_ih_l0{suffix}", HostTensor.Floats([8], new float[8])), ($"r.bias_hh_l0{suffix}", HostTensor.Floats([8], new float[8])),
            }),
        ]);
        var limits = LayerRuns.Limits with { MaximumElements = 1 << 16 };
        Mutate(Signal, json => TopologyReader.Read(file, Encoding.UTF8.GetString(json.Span), limits), seed: 4);
    }

    private static void Mutate(string original, Func<ReadOnlyMemory<byte>, RnnGraph> read, int seed)
    {
        Assert.NotNull(read(Encoding.UTF8.GetBytes(original)));
        var random = new Random(seed);
        var (refused, valid) = (0, 0);
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutated(original, random);
            try
            {
                var graph = read(bytes);
                using var model = RnnModel.FromGraph(graph);
                using var session = model.CreateSession(chunkLength: 1);
                foreach (var input in model.Inputs)
                {
                    if (input.Type == TensorType.Float32)
                    {
                        session.SetInput(input.Name, new float[input.Shape.ElementCount]);
                    }
                    else
                    {
                        session.SetInput(input.Name, new int[input.Shape.ElementCount]);
                    }
                }

                session.Run();
                valid++;
            }
            catch (RnnImportException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, mutation {i}: {exception.GetType().Name}: {exception.Message}\n{Encoding.UTF8.GetString(bytes)}");
            }
        }

        Assert.True(refused > Mutations / 4 && valid > Mutations / 50, $"{refused} refused, {valid} valid");
    }

    private static byte[] Mutated(string original, Random random)
    {
        var bytes = new List<byte>(Encoding.UTF8.GetBytes(original));
        for (var edits = random.Next(1, 3); edits > 0 && bytes.Count > 1; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 8), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), bytes.Count / 4));
                    break;
                default:
                    while (at < bytes.Count && !char.IsAsciiDigit((char)bytes[at]))
                    {
                        at++;
                    }

                    if (at < bytes.Count)
                    {
                        bytes.RemoveAt(at);
                        bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[random.Next(8)]));
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
