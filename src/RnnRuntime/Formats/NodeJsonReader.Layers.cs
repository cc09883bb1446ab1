using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Operators with trained weights, and delays.</content>
internal sealed partial class NodeJsonReader
{
    private Node? ReadLayer(string operatorName, string name) => operatorName switch
    {
        "lstm" => ReadLstm(name),
        "gru" => ReadGru(name),
        "rnn" => ReadRnn(name),
        "lstm_sequence" => ReadSequence(name, SequenceCell.Lstm),
        "gru_sequence" => ReadSequence(name, SequenceCell.Gru),
        "rnn_sequence" => ReadSequence(name, SequenceCell.Rnn),
        "linear" => ReadLinear(name),
        "embedding" => ReadEmbedding(name),
        "causal_conv1d" => ReadCausalConvolution(name),
        "conv" => ReadConvolution(name),
        "delay" => ReadDelay(name),
        _ => null,
    };

    private LstmNode ReadLstm(string name)
    {
        var (input, hidden, cell) = (Input("input"), Input("hidden"), Input("cell"));
        return new LstmNode(
            name, input, hidden, cell, Output("hidden", hidden.Shape), Output("cell", cell.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"), OptionalTensor("bias"));
    }

    private GruNode ReadGru(string name)
    {
        var (input, hidden) = (Input("input"), Input("hidden"));
        return new GruNode(
            name, input, hidden, Output("hidden", hidden.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"),
            OptionalTensor("input_bias"), OptionalTensor("recurrent_bias"), _attributes.Flag("reset_after"));
    }

    private RnnNode ReadRnn(string name)
    {
        var (input, hidden) = (Input("input"), Input("hidden"));
        var activation = _attributes.Text("activation");
        return new RnnNode(
            name, input, hidden, Output("hidden", hidden.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"), OptionalTensor("bias"),
            activation switch
            {
                "tanh" => UnaryOperator.Tanh,
                "relu" => UnaryOperator.Relu,
                "identity" => UnaryOperator.Identity,
                _ => throw _attributes.Error("activation", Names.Quote(activation), "tanh, relu or identity"),
            });
    }

    private LinearNode ReadLinear(string name)
    {
        var input = Input("input");
        var weights = Matrix("weights", "scales");
        return new LinearNode(name, input, Output("output", ShapeRules.LinearOutput(_section, input, weights)), weights, OptionalTensor("bias"));
    }

    private EmbeddingNode ReadEmbedding(string name)
    {
        var indices = Input("indices");
        var table = Matrix("table", "scales");
        return new EmbeddingNode(name, indices, Output("output", ShapeRules.EmbeddingOutput(_section, indices, table)), table);
    }

    private CausalConv1dNode ReadCausalConvolution(string name)
    {
        var (input, history) = (Input("input"), OptionalInput("history"));
        var weights = Matrix("weights", "scales");
        return new CausalConv1dNode(
            name, input, history, Output("output", new TensorShape(weights.Rows)), history is null ? null : Output("history", history.Shape),
            weights, OptionalTensor("bias"), _attributes.Number("kernel_size"), _attributes.Number("dilation"));
    }

    private DelayNode ReadDelay(string name)
    {
        var (input, history) = (Input("input"), Input("history"));
        return new DelayNode(name, input, history, Output("output", input.Shape), Output("history", history.Shape), _attributes.Number("steps"));
    }

    private ConvNode ReadConvolution(string name)
    {
        var input = Input("input");
        var weights = Matrix("weights", "scales");
        var (kernel, strides, dilations) = (_attributes.Numbers("kernel"), _attributes.Numbers("strides"), _attributes.Numbers("dilations"));
        var (padsBefore, padsAfter, groups) = (_attributes.Numbers("pads_before"), _attributes.Numbers("pads_after"), _attributes.Number("groups"));
        var shape = ShapeRules.ConvOutput(_section, input, weights, kernel, strides, dilations, padsBefore, padsAfter, groups);
        return new ConvNode(
            name, input, Output("output", shape), weights, OptionalTensor("bias"), kernel, strides, dilations, padsBefore, padsAfter, groups);
    }

    private SequenceNode ReadSequence(string name, SequenceCell cell)
    {
        var (isLstm, isGru) = (cell == SequenceCell.Lstm, cell == SequenceCell.Gru);
        var (input, lengths, hidden, cellState) = (Input("input"), OptionalInput("lengths"), Input("hidden"), isLstm ? Input("cell") : null);
        if (input.Shape.Rank != 3)
        {
            throw _inputs.Error("input", $"{input.Shape}", "[time, streams, features]");
        }

        if (hidden.Shape.Rank != 2)
        {
            throw _inputs.Error("hidden", $"{hidden.Shape}", "[streams, units]");
        }

        var shape = ShapeRules.Shape(_section, "outputs.output", [input.Shape[0], input.Shape[1], hidden.Shape[1]]);
        return new SequenceNode(
            name, cell, input, lengths, hidden, cellState, Output("output", shape), Output("hidden", hidden.Shape),
            cellState is null ? null : Output("cell", cellState.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"), OptionalTensor("input_bias"),
            isGru ? OptionalTensor("recurrent_bias") : null, isLstm ? OptionalTensor("peepholes") : null,
            isLstm ? OptionalMatrix("projection", "projection_scales") : null, ReadActivations(), _attributes.Float("clip"),
            _attributes.Flag("reverse"), isLstm && _attributes.Flag("input_forget"), isGru && _attributes.Flag("reset_after"));
    }

    private ImmutableArray<CellActivation> ReadActivations()
    {
        var activations = ImmutableArray.CreateBuilder<CellActivation>();
        foreach (var fields in _attributes.Objects("activations"))
        {
            var text = fields.Text("op");
            var function = OperatorNames<UnaryOperator>.Find(text) ?? throw fields.Error("op", Names.Quote(text), "a function of one argument");
            var (alpha, beta) = ReadParameters(fields, function);
            fields.End();
            activations.Add(new CellActivation(function, alpha, beta));
        }

        return activations.ToImmutable();
    }
}
