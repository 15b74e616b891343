"""What other Keras programs are built of: a loss, a layer and a regulariser."""
