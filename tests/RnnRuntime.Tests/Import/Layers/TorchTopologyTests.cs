using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>PyTorch modules whose names leave something open, by a topology, against PyTorch's own outputs.</summary>
public sealed class TorchTopologyTests
{
    private const double Tolerance = 2e-5;

    /// <summary>Plain modules and stacks; their goldens are those of <see cref="TorchGolden"/>.</summary>
    private static readonly Dictionary<string, (string Topology, bool? IsBatchFirst)> Stacks = new()
    {
        ["rnn_tanh"] = ("""{"style":"pytorch","inputs":[{"name":"x","size":6}],"layers":[{"type":"rnn","prefix":"rnn.","nonlinearity":"tanh"}]}""", null),
        ["rnn_relu_l2"] = ("""{"style":"pytorch","inputs":[{"name":"x","size":6}],"layers":[{"type":"rnn","prefix":"rnn.","layers":2,"nonlinearity":"relu"}]}""", null),
        ["lstm_l1_bi"] = (
            """{"style":"pytorch","time_steps":6,"inputs":[{"name":"x","size":5}],"layers":[{"type":"lstm","prefix":"rnn.","direction":"bidirectional","state":"carried"}]}""", null),
        ["gru_l2_bi_bf"] = (
            """{"style":"pytorch","time_steps":7,"inputs":[{"name":"x","size":9}],"layers":[{"type":"gru","prefix":"rnn.","layers":2,"direction":"bidirectional","state":"carried"}]}""", null),
        ["seq_mixed"] = ("""
            {
              "style": "pytorch",
              "inputs": [{ "name": "x", "size": 7 }],
              "layers": [
                { "type": "lstm", "prefix": "a.", "layers": 2 },
                { "type": "linear", "weight": "d.weight", "bias": "d.bias" },
                { "type": "activation", "function": "elu" },
                { "type": "gru", "prefix": "b." },
                { "type": "linear", "weight": "o.weight", "bias": "o.bias" },
                { "type": "activation", "function": "leaky_relu", "alpha": 0.1 },
                { "type": "clip", "min": -1, "max": 1 }
              ]
            }
            """, true),
        ["ln_lstm_residual_stream"] = ("""
            {
              "style": "pytorch",
              "inputs": [{ "name": "x", "size": 24 }],
              "layers": [
                { "type": "layernorm", "prefix": "ln.0.", "epsilon": 1e-5 },
                { "type": "lstm", "name": "r0", "prefix": "r.0." },
                { "type": "add", "name": "first", "inputs": ["x", "r0"] },
                { "type": "layernorm", "prefix": "ln.1.", "epsilon": 1e-5 },
                { "type": "lstm", "name": "r1", "prefix": "r.1." },
                { "type": "add", "name": "second", "inputs": ["first", "r1"] },
                { "type": "linear", "weight": "fc.weight", "bias": "fc.bias" },
                { "type": "activation", "name": "mask", "function": "tanh" },
                { "type": "multiply", "inputs": ["mask", "second"] }
              ]
            }
            """, true),
    };

    /// <summary>The modules that have a test of their own below or beside the README's example.</summary>
    private static readonly string[] Others = ["lstmcell_step", "conv_gru_head", "cls_bilstm_mean"];

    public static TheoryData<string> StackNames => [.. Stacks.Keys];

    [Fact]
    public void EveryModuleOfTheSetIsCovered() =>
        Assert.Equal(TorchGolden.Modules().Order(), Stacks.Keys.Concat(Others).Concat(ModuleRecognizerTests.Recognised).Order());

    [Theory]
    [MemberData(nameof(StackNames))]
    public void OutputsAndFinalStatesArePyTorchs(string name)
    {
        var (topology, isBatchFirst) = Stacks[name];
        foreach (var file in new[] { "model.pt", "model.safetensors" })
        {
            TorchGolden.Check(name, TopologyReader.Read(Weights(name, file), topology, LayerRuns.Limits), Tolerance, isBatchFirst);
        }
    }

    /// <summary>A convolution with a stride over a spectrogram that lies whole in the input; PyTorch has the channels first.</summary>
    [Fact]
    public void AStridedConvolutionBeforeAGru()
    {
        const string Topology = """
            {
              "style": "pytorch",
              "time_steps": 41,
              "inputs": [{ "name": "feats", "size": 16 }],
              "layers": [
                { "type": "conv1d", "weight": "c.weight", "bias": "c.bias", "stride": 2, "padding": 2 },
                { "type": "batchnorm", "prefix": "bn.", "epsilon": 1e-5 },
                { "type": "activation", "function": "relu" },
                { "type": "gru", "prefix": "rnn.", "state": "zeros" },
                { "type": "linear", "weight": "fc.weight", "bias": "fc.bias" },
                { "type": "activation", "function": "sigmoid" }
              ],
              "outputs": [{ "name": "probs" }]
            }
            """;
        var graph = TopologyReader.Read(Weights("conv_gru_head", "model.pt"), Topology, LayerRuns.Limits);
        Assert.Equal(new TensorShape(21, 6), graph.Outputs[0].Shape);
        var folder = Path.Combine(SharedModels.Folder("torch"), "conv_gru_head");
        var channelsFirst = LayerRuns.ReadNpy(Path.Combine(folder, "in_feats.npy"));
        float[] x = [.. Enumerable.Range(0, channelsFirst.Length).Select(i => channelsFirst[(i % 16 * 41) + (i / 16)])];
        foreach (var each in new[] { graph, GraphPasses.Run(graph) })
        {
            // Twice: a call begins with zeros.
            LayerRuns.Near([.. Golden(), .. Golden()], LayerRuns.Run(each, [.. x, .. x]), Tolerance);
        }

        float[] Golden() => LayerRuns.ReadNpy(Path.Combine(folder, "out_probs.npy"));
    }

    [Fact]
    public void ABidirectionalClassifierOfTokens()
    {
        var graph = TopologyReader.Read(Weights("cls_bilstm_mean", "model.safetensors"), TopologyExampleTests.Example("A bidirectional classifier"), LayerRuns.Limits);
        Assert.Empty(graph.States);
        var folder = Path.Combine(SharedModels.Folder("torch"), "cls_bilstm_mean");
        int[] tokens = [.. TestNpy.Read(Path.Combine(folder, "in_tokens.npy")).Values<long>().ToArray().Select(token => checked((int)token))];
        using var model = RnnModel.FromGraph(GraphPasses.Run(graph));
        using var session = model.CreateSession();
        var probabilities = new float[3 * 4];
        session.Run(tokens, probabilities);
        LayerRuns.Near(LayerRuns.ReadNpy(Path.Combine(folder, "out_probs.npy")), probabilities, Tolerance);
    }

    private static NamedTensors Weights(string name, string file) =>
        SharedModels.Weights(Path.Combine(SharedModels.Folder("torch"), name, file), LayerRuns.Limits);
}
