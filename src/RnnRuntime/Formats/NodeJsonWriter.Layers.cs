using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Operators with trained weights, and delays.</content>
internal sealed partial class NodeJsonWriter
{
    private bool WriteLayer(Node node)
    {
        switch (node)
        {
            case LstmNode lstm:
                WriteValues("inputs", ("input", lstm.Input), ("hidden", lstm.Hidden), ("cell", lstm.Cell));
                WriteValues("outputs", ("hidden", lstm.NewHidden), ("cell", lstm.NewCell));
                WriteTensors(
                    ("input_weights", lstm.InputWeights.Values), ("input_scales", lstm.InputWeights.Scales), ("input_factors", lstm.InputWeights.Factors),
                    ("recurrent_weights", lstm.RecurrentWeights.Values), ("recurrent_scales", lstm.RecurrentWeights.Scales), ("recurrent_factors", lstm.RecurrentWeights.Factors),
                    ("bias", lstm.Bias));
                json.WriteStartObject("attributes");
                WriteRanges(("input_range", lstm.InputWeights), ("recurrent_range", lstm.RecurrentWeights));
                json.WriteEndObject();
                return true;
            case GruNode gru:
                WriteValues("inputs", ("input", gru.Input), ("hidden", gru.Hidden));
                WriteValues("outputs", ("hidden", gru.NewHidden));
                WriteTensors(
                    ("input_weights", gru.InputWeights.Values), ("input_scales", gru.InputWeights.Scales), ("input_factors", gru.InputWeights.Factors),
                    ("recurrent_weights", gru.RecurrentWeights.Values), ("recurrent_scales", gru.RecurrentWeights.Scales),
                    ("recurrent_factors", gru.RecurrentWeights.Factors),
                    ("input_bias", gru.InputBias), ("recurrent_bias", gru.RecurrentBias));
                json.WriteStartObject("attributes");
                json.WriteBoolean("reset_after", gru.ResetAfter);
                WriteRanges(("input_range", gru.InputWeights), ("recurrent_range", gru.RecurrentWeights));
                json.WriteEndObject();
                return true;
            case RnnNode rnn:
                WriteValues("inputs", ("input", rnn.Input), ("hidden", rnn.Hidden));
                WriteValues("outputs", ("hidden", rnn.NewHidden));
                WriteTensors(
                    ("input_weights", rnn.InputWeights.Values), ("input_scales", rnn.InputWeights.Scales), ("input_factors", rnn.InputWeights.Factors),
                    ("recurrent_weights", rnn.RecurrentWeights.Values), ("recurrent_scales", rnn.RecurrentWeights.Scales), ("recurrent_factors", rnn.RecurrentWeights.Factors),
                    ("bias", rnn.Bias));
                json.WriteStartObject("attributes");
                json.WriteString("activation", Names.Of(rnn.Activation));
                WriteRanges(("input_range", rnn.InputWeights), ("recurrent_range", rnn.RecurrentWeights));
                json.WriteEndObject();
                return true;
            case SequenceNode sequence:
                WriteSequence(sequence);
                return true;
            case LinearNode linear:
                WriteValues("inputs", ("input", linear.Input));
                WriteValues("outputs", ("output", linear.Output));
                WriteTensors(("weights", linear.Weights.Values), ("scales", linear.Weights.Scales), ("factors", linear.Weights.Factors), ("bias", linear.Bias));
                json.WriteStartObject("attributes");
                WriteRanges(("range", linear.Weights));
                json.WriteEndObject();
                return true;
            case EmbeddingNode embedding:
                WriteValues("inputs", ("indices", embedding.Indices));
                WriteValues("outputs", ("output", embedding.Output));
                WriteTensors(("table", embedding.Table.Values), ("scales", embedding.Table.Scales));
                return true;
            case CausalConv1dNode convolution:
                WriteValues("inputs", ("input", convolution.Input), ("history", convolution.History));
                WriteValues("outputs", ("output", convolution.Output), ("history", convolution.NewHistory));
                WriteTensors(("weights", convolution.Weights.Values), ("scales", convolution.Weights.Scales), ("factors", convolution.Weights.Factors), ("bias", convolution.Bias));
                json.WriteStartObject("attributes");
                json.WriteNumber("kernel_size", convolution.KernelSize);
                json.WriteNumber("dilation", convolution.Dilation);
                WriteRanges(("range", convolution.Weights));
                json.WriteEndObject();
                return true;
            case ConvNode convolution:
                WriteConvolution(convolution);
                return true;
            case DelayNode delay:
                WriteValues("inputs", ("input", delay.Input), ("history", delay.History));
                WriteValues("outputs", ("output", delay.Output), ("history", delay.NewHistory));
                json.WriteStartObject("attributes");
                json.WriteNumber("steps", delay.Steps);
                json.WriteEndObject();
                return true;
            default:
                return false;
        }
    }

    private void WriteRanges(params ReadOnlySpan<(string Name, Weights? Weights)> ranges)
    {
        foreach (var (name, weights) in ranges)
        {
            if (weights is { Range: > 0 })
            {
                json.WriteNumber(name, weights.Range);
            }
        }
    }

    private void WriteConvolution(ConvNode node)
    {
        WriteValues("inputs", ("input", node.Input));
        WriteValues("outputs", ("output", node.Output));
        WriteTensors(("weights", node.Weights.Values), ("scales", node.Weights.Scales), ("factors", node.Weights.Factors), ("bias", node.Bias));
        json.WriteStartObject("attributes");
        WriteNumbers("kernel", node.Kernel);
        WriteNumbers("strides", node.Strides);
        WriteNumbers("dilations", node.Dilations);
        WriteNumbers("pads_before", node.PadsBefore);
        WriteNumbers("pads_after", node.PadsAfter);
        json.WriteNumber("groups", node.Groups);
        WriteRanges(("range", node.Weights));
        json.WriteEndObject();
    }

    private void WriteSequence(SequenceNode node)
    {
        WriteValues("inputs", ("input", node.Input), ("lengths", node.Lengths), ("hidden", node.Hidden), ("cell", node.CellState));
        WriteValues("outputs", ("output", node.Output), ("hidden", node.NewHidden), ("cell", node.NewCell));
        WriteTensors(
            ("input_weights", node.InputWeights.Values), ("input_scales", node.InputWeights.Scales), ("input_factors", node.InputWeights.Factors),
            ("recurrent_weights", node.RecurrentWeights.Values), ("recurrent_scales", node.RecurrentWeights.Scales),
            ("recurrent_factors", node.RecurrentWeights.Factors),
            ("input_bias", node.InputBias), ("recurrent_bias", node.RecurrentBias), ("peepholes", node.Peepholes),
            ("projection", node.Projection?.Values), ("projection_scales", node.Projection?.Scales), ("projection_factors", node.Projection?.Factors));
        json.WriteStartObject("attributes");
        json.WriteStartArray("activations");
        foreach (var activation in node.Activations)
        {
            json.WriteStartObject();
            json.WriteString("op", Names.Of(activation.Function));
            WriteParameters(activation.Function, activation.Alpha, activation.Beta);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteRanges(("input_range", node.InputWeights), ("recurrent_range", node.RecurrentWeights), ("projection_range", node.Projection));
        json.WriteNumber("clip", node.Clip);
        json.WriteBoolean("reverse", node.Reverse);
        if (node.Cell == SequenceCell.Lstm)
        {
            json.WriteBoolean("input_forget", node.InputForget);
        }
        else if (node.Cell == SequenceCell.Gru)
        {
            json.WriteBoolean("reset_after", node.ResetAfter);
        }

        json.WriteEndObject();
    }
}
