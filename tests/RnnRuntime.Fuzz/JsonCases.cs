using System.Text;
using RnnRuntime.Import;

namespace RnnRuntime.Fuzz;

/// <summary>RTNeural and NAM files, and topologies with the weights that they name.</summary>
internal static class JsonCases
{
    private const int SmallFile = 6_000;

    private static readonly string[] RtNeuralTexts =
    [
        """
        {"in_shape":[null,null,1],"layers":[{"type":"dense","activation":"tanh","shape":[null,2],"weights":[[[1,2]],[0.5,0.25]]},
        {"type":"conv1d","activation":"elu","shape":[2],"kernel_size":[2],"dilation":[1],"groups":1,"weights":[[[[1,2],[3,4]],[[5,6],[7,8]]]]},
        {"type":"gru","shape":[null,1],"weights":[[[1,2,3],[4,5,6]],[[1,2,3]],[[0,0,1],[1,0,0]]]},{"type":"batchnorm","epsilon":0.01,"shape":[1],"weights":[[1],[2]]}],"samplerate":48000}
        """,
        """
        {"in_shape":[null,2],"in_skip":0,"in_gain":0,"out_gain":0,"layers":[{"type":"lstm","activation":"","shape":[null,null,1],
        "weights":[[[1,2,3,4],[5,6,7,8]],[[1,0,1,0]],[0.1,0.2,0.3,0.4]]},{"type":"time-distributed-dense","shape":[3],"weights":[[[1,-1,0.5]],[0,0,1]]},
        {"type":"prelu","shape":[3],"weights":[[0.1,0.2,0.3]]},{"type":"activation","activation":"softmax","shape":[3]}]}
        """,
    ];

    private static readonly string[] NamTexts =
    [
        """
        {"version":"0.5.4","architecture":"LSTM","config":{"input_size":1,"hidden_size":1,"num_layers":1},"weights":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"sample_rate":48000}
        """,
        """
        {"version":"0.5.0","metadata":{"name":"tiny","loudness":-20.5},"architecture":"LSTM","config":{"input_size":1,"hidden_size":1,"num_layers":2},
        "weights":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,-1,-2,-3,-4,-5,-6,-7,-8,1,2,3,4,0.5,0.25,0.125,1],"sample_rate":44100.0}
        """,
    ];

    private const string PyTorchTopology = """
        {"style":"pytorch","inputs":[{"name":"x","size":2}],"layers":[{"type":"lstm","prefix":"lstm."},{"type":"linear","weight":"fc.weight","bias":"fc.bias"},
        {"type":"activation","function":"tanh"},{"type":"add","inputs":["x","linear1"]},{"type":"activation","function":"softmax"}],
        "outputs":[{"name":"z","from":"add1"},{"name":"y"}],"ignore":["q*"],"metadata":{"a":"b"}}
        """;

    private const string TokenTopology = """
        {"inputs":[{"name":"token","type":"token"}],"layers":[{"type":"embedding","table":"emb.weight"},
        {"type":"gru","name":"rnn","input_weights":"gru.weight_ih_l0","recurrent_weights":"gru.weight_hh_l0","input_bias":"gru.bias_ih_l0",
        "recurrent_bias":"gru.bias_hh_l0","biases":"two","gates":"rzn","layout":"out_in","reset_after":true},
        {"type":"linear","weight":"out.weight","bias":"out.bias","layout":"out_in"}],"outputs":[{"name":"logits"}]}
        """;

    private const string ConvolutionTopology = """
        {"style":"pytorch","inputs":[{"name":"x","size":2}],"layers":[{"type":"conv1d","weight":"conv.weight","bias":"conv.bias","padding":"causal","dilation":2},
        {"type":"batchnorm","prefix":"bn.","epsilon":1.5},{"type":"prelu","alpha":"act.weight"},{"type":"multiply","inputs":["prelu1","batchnorm1"]},
        {"type":"rnn","prefix":"rnn.","nonlinearity":"relu"}],"outputs":[{"name":"y"}]}
        """;

    public static FuzzCase[] RtNeural(string? models) => Texts("rtneural", RtNeuralTexts, models, "*.json");

    public static FuzzCase[] Nam(string? models) => Texts("nam", NamTexts, models, "*.nam");

    public static FuzzCase[] Topologies() =>
    [
        With(PyTorchTopology, ("lstm.weight_ih_l0", [12, 2]), ("lstm.weight_hh_l0", [12, 3]), ("lstm.bias_ih_l0", [12]), ("lstm.bias_hh_l0", [12]), ("fc.weight", [2, 3]), ("fc.bias", [2]), ("q1", [])),
        With(TokenTopology, ("emb.weight", [5, 2]), ("gru.weight_ih_l0", [6, 2]), ("gru.weight_hh_l0", [6, 2]), ("gru.bias_ih_l0", [6]), ("gru.bias_hh_l0", [6]), ("out.weight", [5, 2]), ("out.bias", [5])),
        With(ConvolutionTopology, ("conv.weight", [3, 2, 2]), ("conv.bias", [3]), ("bn.weight", [3]), ("bn.bias", [3]), ("bn.running_mean", [3]), ("bn.running_var", [3]), ("act.weight", [3]), ("rnn.weight_ih_l0", [2, 3]), ("rnn.weight_hh_l0", [2, 2]), ("rnn.bias_ih_l0", [2]), ("rnn.bias_hh_l0", [2])),
    ];

    private static FuzzCase With(string topology, params (string Name, int[] Shape)[] tensors) =>
        new("topology", WeightsCases.Safetensors(tensors), FuzzLimits.Options with { Topology = topology });

    private static FuzzCase[] Texts(string format, string[] texts, string? models, string pattern) =>
    [
        .. texts.Select((text, index) => new FuzzCase($"{format} {index}", Encoding.UTF8.GetBytes(text), FuzzLimits.Options)),
        .. SharedFiles.Small(models, format, pattern, SmallFile),
    ];
}
