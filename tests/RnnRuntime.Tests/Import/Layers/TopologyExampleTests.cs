using System.Runtime.InteropServices;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Layers;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>The topologies that the importer's README shows, each on the file that it is for; and further ones on the same sets.</summary>
public sealed class TopologyExampleTests
{
    private const double Tolerance = 2e-5;

    /// <summary>The golden begins before what a topology says: the logarithm and each frame's normalisation are done here.</summary>
    [Fact]
    public void KerasHdf5()
    {
        const float Guard = 1e-7f;
        var folder = SharedModels.Folder("keras-h5");
        var file = SharedModels.Weights(Path.Combine(folder, "DTLN_norm_40h.h5"), LayerRuns.Limits);
        var graph = TopologyReader.Read(file, Example("A Keras HDF5 file"), LayerRuns.Limits);
        float[] Tensor(string name) => file.Tensors.Single(pair => pair.Key == name).Value.Values<float>().ToArray();
        var gamma = Tensor("instant_layer_normalization/instant_layer_normalization/gamma:0");
        var beta = Tensor("instant_layer_normalization/instant_layer_normalization/beta:0");

        var features = LayerRuns.ReadNpy(Path.Combine(folder, "mag.npy"));
        foreach (var frame in features.Chunk(gamma.Length).Select((values, index) => (Values: values, Start: index * gamma.Length)))
        {
            var logs = frame.Values.Select(value => Math.Log((double)value + Guard)).ToArray();
            var mean = logs.Average();
            var scale = 1 / Math.Sqrt(logs.Average(value => (value - mean) * (value - mean)) + Guard);
            for (var i = 0; i < logs.Length; i++)
            {
                features[frame.Start + i] = (float)(((logs[i] - mean) * scale * gamma[i]) + beta[i]);
            }
        }

        LayerRuns.Near(LayerRuns.ReadNpy(Path.Combine(folder, "mask.npy")), LayerRuns.Run(graph, features), Tolerance);
    }

    [Fact]
    public void PyTorchStateDict()
    {
        var file = SharedModels.Weights(Path.Combine(SharedModels.Folder("torch"), "rnn_relu_l2", "model.pt"), LayerRuns.Limits);
        TorchGolden.Check("rnn_relu_l2", TopologyReader.Read(file, Example("A PyTorch state dict"), LayerRuns.Limits), Tolerance);
    }

    [Fact]
    public void Safetensors()
    {
        var file = SharedModels.Weights(Path.Combine(SharedModels.Folder("charlm"), "model.safetensors"), LayerRuns.Limits);
        LanguageModelGolden.Check(TopologyReader.Read(file, Example("A safetensors file"), LayerRuns.Limits));
    }

    /// <summary>Chunks of 512 samples after the 64 before them, over a minute of audio.</summary>
    [Fact]
    public void ANetworkOverTheChunksOfASignal()
    {
        const int Chunk = 512;
        const int Context = 64;
        var folder = SharedModels.Folder("silero");
        var file = SharedModels.Weights(Path.Combine(folder, "silero_vad_16k.safetensors"), LayerRuns.Limits);
        var graph = GraphPasses.Run(TopologyReader.Read(file, Example("A network over a signal"), LayerRuns.Limits));
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession();
        var wav = File.ReadAllBytes(Path.Combine(folder, "test.wav"));
        var samples = MemoryMarshal.Cast<byte, short>(wav.AsSpan(wav.AsSpan().IndexOf("data"u8) + 8));
        var golden = LayerRuns.ReadNpy(Path.Combine(folder, "safetensors_16k_probs.npy"));
        var states = LayerRuns.ReadNpy(Path.Combine(folder, "safetensors_16k_state_first32.npy"));
        var last = LayerRuns.ReadNpy(Path.Combine(folder, "safetensors_16k_state_last.npy"));
        var (frame, probability, hidden, cell) = (new float[Context + Chunk], new float[1], new float[128], new float[128]);
        for (var step = 0; step < golden.Length; step++)
        {
            frame.AsSpan(Chunk).CopyTo(frame);
            for (var i = 0; i < Chunk; i++)
            {
                frame[Context + i] = samples[(step * Chunk) + i] / 32768f;
            }

            session.Run(frame, probability);
            Assert.True(Math.Abs(golden[step] - probability[0]) <= 1e-4, $"chunk {step}: found {probability[0]}, expected {golden[step]}.");
            if (step < 32 || step == golden.Length - 1)
            {
                session.GetState("lstm.h", hidden);
                session.GetState("lstm.c", cell);
                LayerRuns.Near(step < 32 ? states.AsSpan(step * 256, 256) : last, [.. hidden, .. cell], 1e-4);
            }
        }
    }

    [Fact]
    public void ACellWithAHead()
    {
        var folder = SharedModels.Folder("torch");
        var file = SharedModels.Weights(Path.Combine(folder, "lstmcell_step", "model.safetensors"), LayerRuns.Limits);
        const string Topology = """
            {
              "style": "pytorch",
              "inputs": [{ "name": "x", "size": 9 }],
              "layers": [{ "type": "lstm", "name": "cell", "prefix": "c." }, { "type": "linear", "weight": "fc.weight", "bias": "fc.bias" }]
            }
            """;
        float[] Read(string name) => LayerRuns.ReadNpy(Path.Combine(folder, "lstmcell_step", $"{name}.npy"));
        using var model = RnnModel.FromGraph(TopologyReader.Read(file, Topology, LayerRuns.Limits));
        using var session = model.CreateSession(streams: 2);
        session.SetState("cell.h", Read("in_h"));
        session.SetState("cell.c", Read("in_c"));
        LayerRuns.Near(Read("out_y"), LayerRuns.Run(session, Read("in_x")), Tolerance);
        var state = new float[2 * 15];
        session.GetState("cell.c", state);
        LayerRuns.Near(Read("out_cn"), state, Tolerance);
    }

    /// <summary>The topology that follows these words in the README.</summary>
    public static string Example(string words)
    {
        const string Fence = "```json\n";
        var readme = File.ReadAllText(RepositoryFiles.Require("src/RnnRuntime.Import/README.md")).ReplaceLineEndings("\n");
        var at = readme.IndexOf($"\n{words}", StringComparison.Ordinal);
        Assert.True(at >= 0, $"The README has no paragraph that begins with '{words}'.");
        var start = readme.IndexOf(Fence, at, StringComparison.Ordinal) + Fence.Length;
        return readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
    }
}
