using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Weights-only files that need no topology, against PyTorch's own outputs; and those that need one.</summary>
public sealed class ModuleRecognizerTests
{
    private const double Tolerance = 2e-5;

    /// <summary>Modules that names and shapes tell.</summary>
    public static readonly string[] Recognised =
        ["lstm_l1", "lstm_l2_bf", "lstm_l2_nobias", "lstm_proj", "gru_l1", "gru_nobias", "lstm_l1_h64", "gru_l1_h96", "lstm_zero_state"];

    public static TheoryData<string, string> Modules
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var module in Recognised)
            {
                data.Add(module, "model.safetensors");
                data.Add(module, "model.pt");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void OutputsAndFinalStatesArePyTorchs(string name, string file)
    {
        var graph = ModuleRecognizer.Read(SharedModels.Weights(Path.Combine(SharedModels.Folder("torch"), name, file), LayerRuns.Limits), LayerRuns.Limits);
        TorchGolden.Check(name, graph, Tolerance);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.pt")]
    public void ALanguageModelHasItsBitsPerCharacter(string file)
    {
        var folder = SharedModels.Folder("charlm");
        var graph = ModuleRecognizer.Read(SharedModels.Weights(Path.Combine(folder, file), LayerRuns.Limits), LayerRuns.Limits);
        Assert.Equal("token", graph.Inputs[0].Name);
        Assert.Equal("logits", graph.Outputs[0].Name);
        LanguageModelGolden.Check(graph);
    }

    [Theory]
    [InlineData("rnn_tanh", "plain RNN", "nonlinearity")]
    [InlineData("rnn_relu_l2", "\"layers\": 2", "nonlinearity")]
    [InlineData("lstm_l1_bi", "which a stream has not", "\"time_steps\": T")]
    [InlineData("gru_l2_bi_bf", "bidirectional", "\"type\": \"gru\", \"prefix\": \"rnn.\", \"layers\": 2, \"direction\": \"bidirectional\"")]
    [InlineData("cls_bilstm_mean", "bidirectional", "topology")]
    [InlineData("conv_gru_head", "'c.weight' float32 [24, 16, 5]", "topology")]
    [InlineData("seq_mixed", "2 recurrent modules", "topology")]
    [InlineData("ln_lstm_residual_stream", "2 recurrent modules ('r.0.', 'r.1.')", "topology")]
    [InlineData("lstmcell_step", "module 'c.' and 2 other", "topology")]
    public void WhatNamesLeaveOpenIsRefused(string name, string found, string expected)
    {
        var file = SharedModels.Weights(Path.Combine(SharedModels.Folder("torch"), name, "model.safetensors"), LayerRuns.Limits);
        LayerRuns.Refused(() => ModuleRecognizer.Read(file, LayerRuns.Limits), found, expected);
    }

    [Fact]
    public void KerasNetworksOfSeveralKindsNeedATopology()
    {
        var file = SharedModels.Weights(Path.Combine(SharedModels.Folder("keras-h5"), "DTLN_norm_40h.h5"), LayerRuns.Limits);
        LayerRuns.Refused(() => ModuleRecognizer.Read(file, LayerRuns.Limits), "no recurrent module", "topology");
    }

    [Fact]
    public void KerasStacksRunInTheOrderOfTheirNumbers()
    {
        var (first, second) = (new CellForms("ifgo", 11), new CellForms("ifgo", 12));
        var square = second.Recurrent;
        var file = LayerRuns.Named(
            ("lstm_10/lstm_cell/kernel:0", first.Write(square, CellForms.Hidden, "ifgo", true)), ("lstm_10/lstm_cell/recurrent_kernel:0", second.Write(second.Recurrent, CellForms.Hidden, "ifgo", true)),
            ("lstm_10/lstm_cell/bias:0", second.Write(second.InputBias, 1, "ifgo", false)),
            ("lstm_9/lstm_cell/kernel:0", first.Write(first.Input, CellForms.Features, "ifgo", true)), ("lstm_9/lstm_cell/recurrent_kernel:0", first.Write(first.Recurrent, CellForms.Hidden, "ifgo", true)),
            ("lstm_9/lstm_cell/bias:0", first.Write(first.InputBias, 1, "ifgo", false)));
        var builder = new RnnGraphBuilder();
        var hidden = builder.Lstm(builder.Input("x", CellForms.Features), CellForms.Hidden, first.Input, first.Recurrent, first.InputBias);
        builder.Output("y", builder.Lstm(hidden, CellForms.Hidden, square, second.Recurrent, second.InputBias));
        var x = CellForms.Signal(10);
        Assert.Equal(LayerRuns.Run(builder.Build(), x), LayerRuns.Run(ModuleRecognizer.Read(file, LayerRuns.Limits), x));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheShapeOfAKerasGruBiasTellsTheReset(bool resetAfter)
    {
        var cell = new CellForms("rzn", 13);
        var input = cell.Write(cell.InputBias, 1, "zrn", false);
        float[] both = [.. input.Values<float>(), .. cell.Write(cell.RecurrentBias, 1, "zrn", false).Values<float>()];
        var file = LayerRuns.Named(
            ("gru/gru_cell/kernel", cell.Write(cell.Input, CellForms.Features, "zrn", true)), ("gru/gru_cell/recurrent_kernel", cell.Write(cell.Recurrent, CellForms.Hidden, "zrn", true)),
            ("gru/gru_cell/bias", resetAfter ? HostTensor.Floats([2, 3 * CellForms.Hidden], both) : input));
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Gru(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.InputBias, resetAfter ? cell.RecurrentBias : [], resetAfter));
        var x = CellForms.Signal(10);
        Assert.Equal(LayerRuns.Run(builder.Build(), x), LayerRuns.Run(ModuleRecognizer.Read(file, LayerRuns.Limits), x));
        var withoutBias = LayerRuns.Named([.. file.Tensors[..2].Select(pair => (pair.Key, pair.Value))]);
        LayerRuns.Refused(() => ModuleRecognizer.Read(withoutBias, LayerRuns.Limits), "reset_after");
    }

    [Fact]
    public void LeftOverAndMissingTensorsAreRefused()
    {
        var cell = new CellForms("ifgo", 14);
        var input = ("a.b.weight_ih_l0", cell.Write(cell.Input, CellForms.Features, "ifgo", false));
        var recurrent = ("a.b.weight_hh_l0", cell.Write(cell.Recurrent, CellForms.Hidden, "ifgo", false));
        var bias = ("a.b.bias_ih_l0", cell.Write(cell.InputBias, 1, "ifgo", false));
        var extra = ("a.c", HostTensor.Floats([2], [1, 2]));
        Assert.Equal(CellForms.Hidden, ModuleRecognizer.Read(LayerRuns.Named(input, recurrent), LayerRuns.Limits).Outputs[0].Shape[0]);
        LayerRuns.Refused(() => Read(input, recurrent, extra), "'a.b.' and 1 other", "'a.c' float32 [2]");
        LayerRuns.Refused(() => Read(input, recurrent, bias), "'a.b.bias_hh_l0'");
        LayerRuns.Refused(() => Read(input), "'a.b.weight_hh_l0'");
        LayerRuns.Refused(() => Read(input, recurrent, ("a.b.weight_ih_l2", input.Item2)), "'a.b.weight_ih_l1'");
        LayerRuns.Refused(() => Read(), "its tensors are none");

        static void Read(params (string, HostTensor)[] tensors) => ModuleRecognizer.Read(LayerRuns.Named(tensors), LayerRuns.Limits);
    }

    [Fact]
    public void AHeadThatDoesNotFitIsRefused()
    {
        var cell = new CellForms("ifgo", 15);
        var file = LayerRuns.Named(
            ("emb.weight", HostTensor.Floats([2, CellForms.Features], new float[2 * CellForms.Features])),
            ("rnn.weight_ih_l0", cell.Write(cell.Input, CellForms.Features, "ifgo", false)), ("rnn.weight_hh_l0", cell.Write(cell.Recurrent, CellForms.Hidden, "ifgo", false)),
            ("out.weight", HostTensor.Floats([2, 4], new float[8])));
        LayerRuns.Refused(() => ModuleRecognizer.Read(file, LayerRuns.Limits), "'out.weight'", $"[2, {CellForms.Hidden}]");
    }
}
